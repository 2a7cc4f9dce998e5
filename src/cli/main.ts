// The program `ingress-openresty`: what bin/ingress-openresty starts.

import { runProgram } from './program.ts';

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
