// Keeps a store equal to what the API server has: list, watch from there, resume while the version is good, list anew
// when it is not. Whatever fails, what is known stays; nothing but a full list or an event removes an object.
//
// The guarantees are those of client-go's reflector. Beyond it: a silent watch is resumed, lists that lack most
// objects wait for a second one, and a server that came back with an older state is noticed.

import type { Logger } from 'pino';
import type { Cluster } from './cluster.ts';
import type { Failure } from './failure.ts';
import { type KindHealth, NEW_HEALTH } from './health.ts';
import { listAll } from './list.ts';
import { isBehind } from './newest-version.ts';
import { createPauses, pause } from './pause.ts';
import type { Resource } from './resource.ts';
import { readStanding } from './standing.ts';
import type { Store } from './store.ts';
import type { Timing } from './timing.ts';
import { remedyOf } from './troubles.ts';
import { type WatchEnd, type WatchEvent, watchOnce } from './watch.ts';

export interface ReflectorParts<T> {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly store: Store<T>;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** From 0 to below 1; Math.random unless given. */
  readonly random?: () => number;
  /** The store holds a full list. */
  readonly onListed: () => void;
  /** True: without this kind everything else can go on; what is known of it (nothing, at first) counts. */
  readonly isDispensable?: (failure: Failure) => boolean;
  readonly onHealth: (health: KindHealth, failure: Failure | null) => void;
}

/** Resolves when the signal is aborted; never rejects for what the world does. */
export async function reflect<T>(parts: ReflectorParts<T>): Promise<void> {
  const { cluster, resource, store, timing, signal, log, random = Math.random } = parts;
  const pauses = createPauses(timing, random);
  let health = NEW_HEALTH;
  let troubled: Failure | null = null;
  /** null: a full list is needed. */
  let version: string | null = null;
  /** The server was away or silent since the version was learnt, and may be another one by now. */
  let doubted = false;
  let listedAt = 0;
  let relistAt = 0;

  while (!signal.aborted) {
    if (version === null) await list();
    else if (doubted) await compareVersions(version);
    else await watch(version);
  }

  async function list(): Promise<void> {
    const listing = await listAll(parts);
    if (signal.aborted) return;
    if (listing.outcome === 'failed') return fail(listing.failure);
    const now = performance.now();
    store.replace(listing.entries, now);
    version = listing.version;
    listedAt = now;
    doubted = false;
    relistAt = now + timing.relistEvery * (1 + 0.2 * random());
    const held = sayHeld();
    tell({ synced: true, held, trouble: null, lastEventAt: now, lists: health.lists + 1 }, null);
    parts.onListed();
  }

  async function compareVersions(known: string): Promise<void> {
    const behind = await isBehind(parts, known);
    if (signal.aborted) return;
    if (typeof behind === 'object') return fail(behind);
    doubted = false;
    if (!behind) return;
    log.warn({ kind: resource.label }, 'the API server came back with an older state; listing anew');
    version = null;
  }

  async function watch(from: string): Promise<void> {
    const due = new AbortController();
    const stop = (): void => due.abort();
    const now = performance.now();
    const timer = setTimeout(stop, Math.max(1, Math.min(relistAt, store.held()?.until ?? relistAt) - now));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    let openedAt: number | null = null;
    const end = await watchOnce({
      cluster,
      resource,
      timing,
      random,
      signal: due.signal,
      version: from,
      onOpen: () => {
        openedAt = performance.now();
        tell({ trouble: null, lastEventAt: openedAt }, null);
      },
      onEvent: (event) => apply(event, store),
      onVersion: (seen) => {
        version = seen;
        heard();
      },
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    if (signal.aborted) return;
    if (due.signal.aborted) {
      version = null;
      return;
    }
    await goOn(end, openedAt === null ? null : performance.now() - openedAt);
  }

  /** What the end of a watch asks for, not faster than it is good for the server. @param lived null: never open. */
  async function goOn(end: WatchEnd, lived: number | null): Promise<void> {
    const restarts = { ...health.restarts, [end.reason]: (health.restarts[end.reason] ?? 0) + 1 };
    tell({ restarts }, troubled);
    log.debug({ kind: resource.label, reason: end.reason }, 'watch ended');
    if (lived !== null && lived >= timing.healthyAfter) pauses.reset();
    if (end.next === 'list') {
      version = null;
      // A version that was good for a while may expire. One that is refused at once will be so again.
      if (end.reason === 'expired' && performance.now() - listedAt >= timing.firstPause) return;
      return fail(end.failure);
    }
    doubted ||= end.failure?.status === null;
    if (lived === null) return fail(end.failure ?? BRIEF);
    if (lived < timing.firstPause) await pause(pauses.after(end.failure ?? BRIEF), signal);
  }

  async function fail(failure: Failure): Promise<void> {
    const synced = health.synced || parts.isDispensable?.(failure) === true;
    const isFirst = synced && !health.synced;
    const remedy = remedyOf(resource, failure);
    if (troubled?.message !== failure.message) {
      log.warn({ kind: resource.label, ...(remedy === null ? {} : { hint: remedy }) }, failure.message);
    }
    const reason = failure.status === null ? 'unreachable' : `status-${failure.status}`;
    const failures = { ...health.failures, [reason]: (health.failures[reason] ?? 0) + 1 };
    tell({ trouble: failure.message, synced, remedy, failures }, failure);
    if (isFirst) parts.onListed();
    await pause(pauses.after(failure), signal);
  }

  function sayHeld(): string | null {
    const held = store.held();
    if (held === null) return null;
    const message = `the last list of ${resource.label} lacked ${held.count} objects, most of what was there; they stay in force until another list confirms it`;
    if (health.held !== message) log.warn({ kind: resource.label }, message);
    return message;
  }

  /** Ages are told from time to time, all else at once. */
  function heard(): void {
    const now = performance.now();
    const held = health.held !== null && store.held() === null ? null : health.held;
    if (held === health.held && now - (health.lastEventAt ?? 0) < HEARD_EVERY) return;
    tell({ lastEventAt: now, held }, troubled);
  }

  function tell(change: Partial<KindHealth>, failure: Failure | null): void {
    if (troubled !== null && failure === null) log.info({ kind: resource.label }, 'up to date again');
    troubled = failure;
    const remedy = failure === null ? null : health.remedy;
    health = { ...health, remedy, ...change, objects: store.size(), heldObjects: store.held()?.count ?? 0 };
    parts.onHealth(health, failure);
  }
}

const HEARD_EVERY = 1_000;
/** A watch that the server ends again and again as soon as it is open. */
const BRIEF: Failure = { status: 200, reason: '', message: 'the watch ended at once', retryAfter: null };

function apply<T>({ type, object }: WatchEvent, store: Store<T>): boolean {
  if (type === 'DELETED') {
    const standing = readStanding(object);
    if (standing === null) return false;
    store.remove(standing.name, standing.uid);
    return true;
  }
  const read = store.read(object);
  if (read === null) return false;
  store.put(read.name, read.entry);
  return true;
}
