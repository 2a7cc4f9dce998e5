// An nginx with one worker in a folder of its own, without our Lua: the upstreams, and the peer that is compared with.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { liveMasters } from '../../../src/nginx/processes.ts';
import { ensureFolders } from '../../../src/nginx/state/folders.ts';
import { startNginx } from '../../../src/nginx/supervise/start-nginx.ts';
import { killAll } from '../../nginx/support/compile-bed.ts';
import { activeWorkers } from '../../support/processes.ts';

export type RunningNginx = {
  readonly prefix: string;
  readonly master: number;
  /** The first of its workers. */
  readonly worker: number;
  readonly close: () => Promise<void>;
};

/** @param config the whole nginx.conf, for a prefix in which the folders of our layout are. */
export async function startPlain(
  config: (prefix: string) => string,
  files: (prefix: string) => Iterable<readonly [string, string]> = () => [],
): Promise<RunningNginx> {
  const prefix = await makePrefix();
  return runIn(prefix, [[LAYOUT.config, config(prefix)], ...files(prefix)]);
}

export async function makePrefix(): Promise<string> {
  const prefix = await mkdtemp(join(tmpdir(), 'bench-nginx-'));
  await chmod(prefix, 0o755); // workers run as another user than a bench that is root
  await ensureFolders(prefix);
  return prefix;
}

/** Starts nginx on these files, paths below the prefix; removes the prefix when it does not come up. */
export async function runIn(
  prefix: string,
  files: Iterable<readonly [string, string]>,
): Promise<RunningNginx> {
  const close = async () => {
    await killAll(prefix);
    await rm(prefix, { recursive: true, force: true });
  };
  try {
    for (const [path, text] of files) await writeFile(join(prefix, path), text, { mode: 0o600 });
    const { binary, env } = await ensureNginx();
    const started = await startNginx({ binary, prefix, env, deadlineMs: 120_000 });
    if (started.outcome === 'failed') throw new Error(started.message);
    const [master] = await liveMasters(prefix);
    const [worker] = master === undefined ? [] : await activeWorkers(master.pid);
    if (master === undefined || worker === undefined) throw new Error(await errorLog(prefix));
    return { prefix, master: master.pid, worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function errorLog(prefix: string): Promise<string> {
  return readFile(join(prefix, LAYOUT.errorLog), 'utf8').catch(() => '');
}
