// Everything that the demo makes and has to remove again: a folder, the example backends, and the controller with
// the nginx that it supervises.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendReport } from '../src/serve/backend-report.ts';
import type { StateReport } from '../src/serve/state.ts';
import { writeDemoSecret } from './demo-certificate.ts';
import { portLike, startExampleBackends } from './example-backends.ts';
import { ensureNginx } from './install-nginx.ts';

export type DemoWorld = {
  readonly folder: string;
  readonly manifests: string;
  readonly ports: { readonly http: number; readonly https: number; readonly admin: number };
  readonly backendPort: number;
  readonly state: () => Promise<StateReport>;
  /** `/state?backend=NAME`. */
  readonly endpoints: (name: string) => Promise<{ readonly backends: readonly BackendReport[] }>;
  /** Resolves with its exit code when the controller ends by itself. */
  readonly ended: Promise<number | null>;
};

const root = resolve(import.meta.dirname, '..');
export const SECRET_FILE = 'secure-tls.yaml';

/**
 * Runs `use` in a world of its own; whatever happens, nothing of it is left behind. Throws what `use` throws, and
 * when the world cannot be made.
 */
export async function inDemoWorld<T>(
  log: (line: string) => void,
  signal: AbortSignal,
  use: (world: DemoWorld) => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const nginx = await ensureNginx();
    log(`nginx:       ${nginx.binary} (${nginx.version})`);
    signal.throwIfAborted();

    const backends = await startExampleBackends();
    undo.push(backends.close);
    const folder = await makeFolder();
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const manifests = join(folder, 'manifests');
    await copyManifests(manifests, backends.port);

    const ports = { http: await portLike(8080), https: await portLike(8443), admin: await portLike(10_254) };
    const moved = ports.http !== 8080 || ports.https !== 8443 || ports.admin !== 10_254;
    if (moved) log('ports:       some of 8080, 8443 and 10254 are taken; free ones are used instead');
    signal.throwIfAborted();

    const logFile = join(folder, 'controller.log');
    const controller = startController(nginx.binary, folder, ports);
    undo.push(() => stopController(controller, join(folder, 'nginx')));
    const ended = new Promise<number | null>((done) => controller.once('exit', done));
    followLog(controller, logFile);
    log(`controller:  process ${controller.pid}, its log: ${logFile}`);

    const state = (): Promise<StateReport> => readState(ports.admin);
    const endpoints: DemoWorld['endpoints'] = (name) =>
      readState(ports.admin, `?backend=${encodeURIComponent(name)}`);
    const world: DemoWorld = {
      folder,
      manifests,
      ports,
      backendPort: backends.port,
      state,
      endpoints,
      ended,
    };
    await waitUntilSettled(world, logFile, signal);
    return await use(world);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** Below the system's folder for temporary files: paths of sockets have to be short and of plain characters. */
async function makeFolder(): Promise<string> {
  const base = /^\/[A-Za-z0-9._/-]{1,40}$/.test(tmpdir()) ? tmpdir() : '/tmp';
  const wanted = join(base, 'ingress-demo');
  const folder = await mkdir(wanted).then(
    () => wanted,
    () => mkdtemp(`${wanted}-`),
  );
  // nginx's workers may be another user than we are, when we are root.
  await chmod(folder, 0o755);
  return folder;
}

async function copyManifests(target: string, backendPort: number): Promise<void> {
  await mkdir(target);
  for (const source of ['deploy/examples', 'deploy/examples-tls']) {
    for (const name of await readdir(join(root, source))) {
      if (!name.endsWith('.yaml') || name === SECRET_FILE) continue;
      const text = await readFile(join(root, source, name), 'utf8');
      await writeFile(join(target, name), text.replaceAll('port: 9001', `port: ${backendPort}`));
    }
  }
  await writeDemoSecret(join(target, SECRET_FILE), 'secure.localhost');
}

/** In a process group of its own: a Ctrl-C in the terminal reaches us alone, and we end it in order. */
function startController(nginx: string, folder: string, ports: DemoWorld['ports']): ChildProcess {
  const flags = {
    manifests: join(folder, 'manifests'),
    nginx,
    prefix: join(folder, 'nginx'),
    'http-port': ports.http,
    'https-port': ports.https,
    'admin-address': `127.0.0.1:${ports.admin}`,
    configmap: 'default/ingress-openresty',
    supervise: true,
  };
  const args = ['run', ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
  return spawn(join(root, 'bin/ingress-openresty'), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function followLog(controller: ChildProcess, file: string): void {
  const append = (chunk: Buffer): void => void writeFile(file, chunk, { flag: 'a' }).catch(() => undefined);
  controller.stdout?.on('data', append);
  controller.stderr?.on('data', append);
  controller.once('error', (error) => append(Buffer.from(`${error.message}\n`)));
}

/** Asks first; what has not ended after 15 s, the nginx of our prefix included, is killed. */
async function stopController(controller: ChildProcess, prefix: string): Promise<void> {
  const running = (): boolean => controller.exitCode === null && controller.signalCode === null;
  const exited = new Promise<void>((done) => controller.once('exit', () => done()));
  if (controller.pid !== undefined && running()) {
    controller.kill('SIGTERM');
    await Promise.race([exited, sleep(15_000, undefined, { ref: false })]);
    if (running()) controller.kill('SIGKILL');
    if (running()) await Promise.race([exited, sleep(2_000, undefined, { ref: false })]);
  }
  const master = Number((await readFile(join(prefix, 'run/nginx.pid'), 'utf8').catch(() => '')).trim());
  if (Number.isInteger(master) && master > 1 && (await isOurNginx(master, prefix))) {
    process.kill(master, 'SIGTERM');
    for (let wait = 0; wait < 50 && (await isOurNginx(master, prefix)); wait += 1) await sleep(100);
  }
}

/** A pid file may name a process that is somebody else's by now. */
async function isOurNginx(pid: number, prefix: string): Promise<boolean> {
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return title.includes('nginx') && title.includes(prefix);
}

async function readState<T>(port: number, query = ''): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}/state${query}`, {
    signal: AbortSignal.timeout(2_000),
  });
  return (await response.json()) as T;
}

async function waitUntilSettled(world: DemoWorld, logFile: string, signal: AbortSignal): Promise<void> {
  let ended = false;
  void world.ended.then(() => {
    ended = true;
  });
  for (let attempt = 0; attempt < 300 && !ended; attempt += 1) {
    signal.throwIfAborted();
    const report = await world.state().catch(() => null);
    if (report?.settled === true) return;
    await sleep(100);
  }
  const tail = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').slice(-20).join('\n');
  throw new Error(
    `the controller ${ended ? 'ended' : 'did not settle within 30 s'}; the end of its log:\n${tail}`,
  );
}
