// Keeps one nginx of the prefix running, for containers and the demo (`--supervise`): adopts the one that runs,
// starts one when none does, again when it dies, and ends it with the controller. Without it nothing here is ever
// called, and nginx is the operator's alone.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

import { untilBeat } from '../beat.ts';
import { isAlive, liveMasters, type Master } from '../processes.ts';
import { retireOrphans } from './orphans.ts';
import { removeStaleSockets } from './stale-sockets.ts';
import { startNginx } from './start-nginx.ts';
import { stopNginx } from './stop-nginx.ts';

export interface SupervisorOptions {
  /** Absolute. */
  readonly binary: string;
  readonly prefix: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the watching, not nginx: that is what `stop` is for. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** How long open connections may last in `stop` before TERM. Default 10 s. */
  readonly graceMs?: number;
  /** Called after each start or adoption, the first included. */
  readonly onStarted?: (master: Master) => void;
  /** Called with what nginx said when a start failed; it is tried again. */
  readonly onFailed?: (message: string) => void;
}

export interface Supervisor {
  /**
   * To be called once, when there are files to start with. Resolves with the master that runs: adopted or started.
   * `failed`: nginx ended at once, with what it said; it is tried again, with backoff, until `stop`.
   */
  readonly start: () => Promise<SupervisedStart>;
  /** QUIT, then harder. Leaves no process and no socket of the prefix. */
  readonly stop: () => Promise<void>;
}

export type SupervisedStart =
  | { readonly outcome: 'started' | 'adopted'; readonly master: Master }
  | { readonly outcome: 'failed'; readonly message: string };

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { prefix, log } = options;
  const stopping = new AbortController();
  const ending = AbortSignal.any([options.signal, stopping.signal]);
  let watching: Promise<void> | null = null;

  const start = async (): Promise<SupervisedStart> => {
    if (watching !== null) throw new Error('the supervisor was started already');
    const begun = adoptOrStart(options);
    watching = begun.then((first) =>
      watch(first.outcome === 'failed' ? null : first.master, options, ending),
    );
    return await begun;
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    await watching;
    const last = await stopNginx(prefix, options.graceMs ?? 10_000);
    log.info(last === 'SIGQUIT' ? 'nginx ended' : `nginx had to be ended by ${last}`);
  };
  return { start, stop };
}

async function adoptOrStart(options: SupervisorOptions): Promise<SupervisedStart> {
  const { binary, prefix, env = {}, log } = options;
  const [running] = await liveMasters(prefix);
  if (running !== undefined) {
    log.info({ master: running.pid }, 'adopted the nginx that runs');
    options.onStarted?.(running);
    return { outcome: 'adopted', master: running };
  }
  const retired = await retireOrphans(prefix);
  if (retired.length > 0)
    log.warn({ workers: retired }, 'workers of a dead nginx were still accepting; they were retired');
  await removeStaleSockets(prefix);
  const started = await startNginx({ binary, prefix, env, deadlineMs: 60_000 });
  if (started.outcome === 'failed') {
    log.error({ reason: started.message }, 'nginx did not start');
    options.onFailed?.(started.message);
    return started;
  }
  log.info({ master: started.master.pid }, 'started nginx');
  options.onStarted?.(started.master);
  return started;
}

// By polling, as it may be an adopted one, which is no child of ours, or the successor of a hot upgrade.
async function watch(first: Master | null, options: SupervisorOptions, ending: AbortSignal): Promise<void> {
  let master = first;
  let aliveSince = performance.now();
  let failures = 0;
  while (!ending.aborted) {
    if (master === null) await pause(POLL_MS, ending);
    else await untilGone(master, ending);
    if (ending.aborted) return;
    const masters = await liveMasters(options.prefix);
    if (ending.aborted || masters.some((other) => isSame(other, master))) continue;
    if (masters.length === 0) {
      if (master !== null && performance.now() - aliveSince > STABLE_MS) failures = 0;
      const waitMs = backoff(failures);
      failures += 1;
      if (master !== null)
        options.log.error({ master: master.pid, waitMs }, 'nginx died; it is started again');
      await pause(waitMs, ending);
      if (ending.aborted) return;
    }
    const next = await adoptOrStart(options);
    master = next.outcome === 'failed' ? null : next.master;
    aliveSince = performance.now();
  }
}

/** One timer and one small read each time: this goes on for as long as the controller lives. */
function untilGone(master: Master, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      ending.removeEventListener('abort', end);
      resolve();
    };
    const look = () => {
      if (isAlive(master)) timer = setTimeout(look, untilBeat(POLL_MS));
      else end();
    };
    let timer = setTimeout(look, untilBeat(POLL_MS));
    ending.addEventListener('abort', end);
    if (ending.aborted) end();
  });
}

const POLL_MS = 500;
const STABLE_MS = 10_000;

/** 0.2 s, doubled to 5 s, less up to a fifth at random. */
function backoff(failures: number): number {
  const full = Math.min(5000, 200 * 2 ** failures);
  return Math.round(full * (1 - Math.random() / 5));
}

function isSame(a: Master, b: Master | null): boolean {
  return a.pid === b?.pid && a.startTime === b.startTime;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
