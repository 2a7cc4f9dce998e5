// A real nginx with Lua in a fresh folder of its own: start, signal, look at it, and leave nothing behind.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ensureNginx, type Nginx } from '../../openresty/install-nginx.ts';
import { eventually } from './eventually.ts';
import { activeWorkers, childPids, findMasters, processTitle, signal } from './processes.ts';

export type NginxOptions = {
  /** The whole configuration; relative paths in it are below the prefix, where it is `nginx.conf`. */
  readonly config: string | ((at: { readonly prefix: string; readonly nginx: Nginx }) => string);
  /** Further files: path below the prefix → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where to connect until it answers: a port of 127.0.0.1 or the path of a unix socket below the prefix. */
  readonly waitFor: number | string;
};

export type NginxProcess = {
  readonly prefix: string;
  readonly nginx: Nginx;
  readonly masters: () => Promise<readonly number[]>;
  readonly workers: () => Promise<readonly number[]>;
  readonly errorLog: () => Promise<string>;
  readonly writeConfig: (config: string) => Promise<void>;
  /** Starts it again in the same prefix, after stop or kill. */
  readonly start: () => Promise<void>;
  /** HUP to the newest master; returns at once, as HUP does. */
  readonly hup: () => Promise<void>;
  /** Binary upgrade: USR2, then QUIT to the old master when the new one has workers. */
  readonly upgrade: () => Promise<void>;
  readonly stop: (name?: 'SIGQUIT' | 'SIGTERM') => Promise<void>;
  /** SIGKILL of masters and workers at once, as a machine that dies. */
  readonly kill: () => Promise<void>;
  /** Kills what still runs and removes the prefix. */
  readonly cleanup: () => Promise<void>;
};

/** Throws with the error log when it does not come up. */
export async function startNginx(options: NginxOptions): Promise<NginxProcess> {
  const nginx = await ensureNginx();
  const prefix = await mkdtemp(join(tmpdir(), 'nginx-test-'));
  const known = new Set<number>();

  const masters = async () => remember(known, await findMasters(prefix));
  const newestMaster = async () => {
    const pid = Number(await readFile(join(prefix, 'logs/nginx.pid'), 'utf8'));
    if (!(await masters()).includes(pid)) throw new Error(`no nginx runs in ${prefix}`);
    return pid;
  };
  const workers = async () => {
    const all: number[] = [];
    for (const master of await masters()) all.push(...(await activeWorkers(master)));
    return remember(known, all);
  };
  const errorLog = () => readFile(join(prefix, 'logs/error.log'), 'utf8').catch(() => '');

  const start = async () => {
    const exit = await run(nginx, masterArguments(prefix));
    if (exit !== 0) throw new Error(`nginx did not start (${exit}):\n${await errorLog()}`);
    await eventually(`nginx in ${prefix} accepts`, () => accepts(prefix, options.waitFor));
    // The kernel accepts before the processes have the titles that they are found by.
    await eventually(`nginx in ${prefix} has workers`, async () => (await workers()).length > 0);
  };
  const kill = async () => {
    for (const master of await masters()) remember(known, await childPids(master));
    for (const pid of known) if ((await processTitle(pid)).startsWith('nginx: ')) signal(pid, 'SIGKILL');
    await gone(known);
    known.clear();
  };
  const stop = async (name: 'SIGQUIT' | 'SIGTERM' = 'SIGQUIT') => {
    for (const master of await masters()) remember(known, await childPids(master));
    for (const master of await masters()) signal(master, name);
    await gone(known);
    known.clear();
  };
  const upgrade = async () => {
    const old = await newestMaster();
    signal(old, 'SIGUSR2');
    const successor = await eventually('the new master has workers', async () => {
      const pid = (await masters()).find((master) => master !== old);
      return pid !== undefined && (await activeWorkers(pid)).length > 0 ? pid : null;
    });
    remember(known, await childPids(successor));
    signal(old, 'SIGQUIT');
    await gone(new Set([old]));
  };
  const writeConfig = (config: string) => writeFile(join(prefix, 'nginx.conf'), config);
  const cleanup = async () => {
    await kill();
    await rm(prefix, { recursive: true, force: true });
  };
  const hup = async () => void signal(await newestMaster(), 'SIGHUP');

  try {
    await prepare(prefix, options.files ?? {});
    await writeConfig(
      typeof options.config === 'string' ? options.config : options.config({ prefix, nginx }),
    );
    await start();
  } catch (error) {
    await cleanup();
    throw error;
  }
  return { prefix, nginx, masters, workers, errorLog, writeConfig, start, hup, upgrade, stop, kill, cleanup };
}

/** The lines that every test's main context needs: modules, log, pid. Write `events` and `http` yourself. */
export function mainLines(nginx: Nginx): string {
  const lines = nginx.modules.map((module) => `load_module ${module};`);
  return [...lines, 'error_log logs/error.log info;', 'pid logs/nginx.pid;', ''].join('\n');
}

/** The lines that every test's http context needs. `luaFolder`: our own modules, found before all others. */
export function httpLines(nginx: Nginx, luaFolder?: string): string {
  const own = luaFolder === undefined ? '' : `${luaFolder}/?.lua;`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'access_log off;',
    ...temporary.map((name) => `${name}_temp_path temp_${name};`),
    `lua_package_path "${own}${nginx.luaPath};;";`,
    `lua_package_cpath "${nginx.luaCpath};;";`,
    '',
  ].join('\n');
}

/** How a master of ours is started, and with `-t` before these, tested. */
export function masterArguments(prefix: string): readonly string[] {
  return ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'logs/error.log')];
}

// Workers run as another user than a test that is root: they must be able to read what lies here.
async function prepare(prefix: string, files: Readonly<Record<string, string>>): Promise<void> {
  await chmod(prefix, 0o755);
  await mkdir(join(prefix, 'logs'));
  for (const [path, content] of Object.entries(files)) {
    const file = join(prefix, path);
    if (relative(prefix, file).startsWith('..')) throw new Error(`${path} is outside of the prefix`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

function accepts(prefix: string, where: number | string): Promise<boolean> {
  return new Promise((done) => {
    const target =
      typeof where === 'number' ? { host: '127.0.0.1', port: where } : { path: join(prefix, where) };
    const socket = connect(target, () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

// As a daemon, which forks once it listens: a master whose parent still runs takes itself for the successor in an
// upgrade that is not over, and ignores USR2.
function run(nginx: Nginx, args: readonly string[]): Promise<number | string> {
  return new Promise((done, fail) => {
    const child = spawn(nginx.binary, args, { env: { ...process.env, ...nginx.env }, stdio: 'ignore' });
    child.once('error', fail);
    child.once('exit', (code, signalName) => done(code ?? signalName ?? 'unknown'));
  });
}

async function gone(pids: ReadonlySet<number>): Promise<void> {
  await eventually('nginx is gone', async () => {
    for (const pid of pids) if ((await processTitle(pid)).startsWith('nginx: ')) return false;
    return true;
  });
}

function remember(known: Set<number>, pids: readonly number[]): readonly number[] {
  for (const pid of pids) known.add(pid);
  return pids;
}
