// What `npm run test:cluster` does: finds or builds the control plane, then runs the suite in a network of its own.
// With arguments: jest on these paths (or with these options).
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ensureNginx } from '../../openresty/install-nginx.ts';
import { ensureControlPlane } from './support/build.ts';
import { enterOwnNetwork } from './support/own-network.ts';

const root = resolve(import.meta.dirname, '../..');
const given = process.argv.slice(2);

try {
  // What needs the internet comes before the network of our own, which has none.
  await ensureNginx();
  await ensureControlPlane((line) => process.stdout.write(`${line}\n`));
  process.exitCode = await runInside(given.length > 0 ? given : ['<rootDir>/test/cluster/']);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}

// One test file at a time: each has a control plane of its own, and they share the addresses.
function runInside(paths: readonly string[]): Promise<number> {
  const suites = join(root, 'test/support/run-suites.ts');
  const [program, ...args] = enterOwnNetwork([process.execPath, suites, '--runInBand', ...paths]);
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
    // `unshare` waits deaf to these; killed, it takes all that runs inside with it.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill('SIGKILL'));
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}
