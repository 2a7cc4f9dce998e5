// The nginx of a prefix as its operator handles it: started by hand, signalled by pid, replaced while it runs.
import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Nginx } from '../../../openresty/install-nginx.ts';
import { eventually } from '../../support/eventually.ts';
import { activeWorkers, findMasters, processTitle, signal } from '../../support/processes.ts';

export type NginxHandle = {
  /** As a daemon, which has bound its ports when the command ends; throws with what nginx said. */
  readonly start: () => Promise<void>;
  /** QUIT, and waits until the last worker is gone. */
  readonly stop: () => Promise<void>;
  /** SIGKILL of masters and workers at once. */
  readonly kill: () => Promise<void>;
  /** USR2, then QUIT to the old master when the new one has workers. */
  readonly upgrade: () => Promise<void>;
  readonly masters: () => Promise<readonly number[]>;
  /** Workers that accept, sorted; waits until there are two for the one master, which title themselves late. */
  readonly workers: () => Promise<readonly number[]>;
  readonly errorLog: () => Promise<string>;
};

/** What the settings of every gateway of the tests say. */
export const WORKERS = 2;

export function handleNginx(nginx: Nginx, prefix: string): NginxHandle {
  const errorLog = () => readFile(join(prefix, 'logs/error.log'), 'utf8').catch(() => '');
  const masters = () => findMasters(prefix);
  const gone = (pids: readonly number[]) =>
    eventually(
      'nginx is gone',
      async () => {
        for (const pid of pids) if ((await processTitle(pid)).startsWith('nginx: ')) return false;
        return true;
      },
      { timeoutMs: 20_000 },
    );

  return {
    masters,
    errorLog,
    async start() {
      const { code, said } = await runNginx(nginx, ['-p', prefix, '-c', 'conf/nginx.conf']);
      if (code !== 0) throw new Error(`nginx did not start (${code}): ${said}`);
    },
    async stop() {
      const all = await findNginxOf(prefix);
      for (const pid of await masters()) signal(pid, 'SIGQUIT');
      await gone(all);
    },
    async kill() {
      await killNginxOf(prefix);
    },
    async upgrade() {
      const [old] = await masters();
      if (old === undefined) throw new Error('no nginx to upgrade');
      signal(old, 'SIGUSR2');
      await eventually('the new master has workers', async () => {
        const successor = (await masters()).find((pid) => pid !== old);
        return successor !== undefined && (await activeWorkers(successor)).length > 0;
      });
      signal(old, 'SIGQUIT');
      await gone([old]);
    },
    workers: () =>
      eventually('two workers', async () => {
        const [master = 0, second] = await masters();
        const workers = await activeWorkers(master);
        return second === undefined && workers.length === WORKERS ? workers.toSorted((a, b) => a - b) : null;
      }),
  };
}

/** Masters and workers, orphans too: whoever has a file of this prefix open. */
export async function findNginxOf(prefix: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || !(await processTitle(Number(name))).startsWith('nginx: ')) continue;
    if (await hasOpen(name, prefix)) found.push(Number(name));
  }
  return found;
}

export async function killNginxOf(prefix: string): Promise<void> {
  await eventually(
    'nginx is killed',
    async () => {
      const left = await findNginxOf(prefix);
      for (const pid of left) signal(pid, 'SIGKILL');
      return left.length === 0;
    },
    { timeoutMs: 20_000 },
  );
}

async function hasOpen(pid: string, prefix: string): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    if (target.startsWith(`${prefix}/`)) return true;
  }
  return false;
}

function runNginx(nginx: Nginx, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((done, fail) => {
    // stderr is inherited by the daemon, so it must not be a pipe that somebody waits for.
    const child = spawn(nginx.binary, args, {
      env: { ...process.env, ...nginx.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', fail);
    child.once('exit', (code) => {
      child.stderr.destroy();
      done({ code, said });
    });
  });
}
