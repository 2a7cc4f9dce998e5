// The program `ingress-openresty`: what bin/ingress-openresty starts.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Reading and compiling some thousand modules is half of a start. What has been compiled once is kept beside the
// program, which whoever may write there has in hand anyway; where nobody may, everything is as without.
enableCompileCache(join(import.meta.dirname, '../../.cache'));
const { runProgram } = await import('./program.ts');

// A reader that goes away early (`render | head`) is no error of ours; every other one is told.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
