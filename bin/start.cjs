// `node bin/ingress-openresty`: runs the program in this process if this Node is new enough, else in a new enough
// one that lives and dies with this process. Written so that any Node parses it.
const { spawn, spawnSync } = require('node:child_process');
const { existsSync, realpathSync } = require('node:fs');
const { constants } = require('node:os');
const { join, resolve, sep } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = realpathSync(resolve(__dirname, '..'));
const handedOver = 'INGRESS_OPENRESTY_HANDED_OVER';

if (suffices(process.versions.node)) runHere();
else runInNewerNode();

function runHere() {
  if (process.env[handedOver] !== undefined) {
    delete process.env[handedOver];
    // The parent was killed outright: so is this process, or two controllers could end up side by side.
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    if (process.channel) process.channel.unref();
    else process.kill(process.pid, 'SIGKILL');
  }
  const main = findMain();
  process.argv[1] = main;
  import(pathToFileURL(main).href).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

// In a process group of its own: a Ctrl-C reaches it once, through us, and not a second time from the terminal.
function runInNewerNode() {
  const node = findNode();
  const args = [
    '--disable-warning=ExperimentalWarning',
    join(__dirname, 'start.cjs'),
    ...process.argv.slice(2),
  ];
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [handedOver]: '1' },
    detached: true,
  });
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + constants.signals[signal]), 1000);
  });
}

function findMain() {
  const source = join(root, 'src/cli/main.ts');
  if (!`${root}${sep}`.includes(`${sep}node_modules${sep}`) && existsSync(source)) return source;
  const built = join(root, 'dist/cli/main.js');
  return existsSync(built) ? built : fail(`${built} is missing; run \`npm run build\``);
}

function findNode() {
  const packaged = `node-linux-${process.arch}/bin/node`;
  for (const candidate of [join(root, 'node_modules', packaged), join(root, '..', packaged), 'node']) {
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0 && suffices(stdout.trim().slice(1))) return candidate;
  }
  return fail(
    'needs Node 22.19 or newer: none on PATH, and none that npm installed (optional dependencies left out?)',
  );
}

function suffices(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 19);
}

function fail(message) {
  console.error(`ingress-openresty: ${message}`);
  process.exit(1);
}
