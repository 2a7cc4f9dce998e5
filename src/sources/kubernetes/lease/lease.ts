// Election by a Lease, with client-go's rules: whoever holds it renews it; others take it when they have not seen it
// change for its whole duration, measured by their own monotonic clock from when they saw the last change. Wall
// clocks are written, never compared. Every write names the version that it was decided on.

import type { Logger } from 'pino';
import type { Cluster } from '../cluster.ts';
import { ask, describeReply, type Reply } from './ask.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import type { Leadership } from './leadership.ts';
import {
  type LeaseRecord,
  microTime,
  readLease,
  type StoredLease,
  sameRecord,
  writeLease,
} from './lease-record.ts';

export interface Lease extends Leadership {
  /** Takes part until the signal is aborted, then gives the lease back. One run for a Lease. */
  run(signal: AbortSignal): Promise<void>;
}

export interface LeaseOptions {
  readonly cluster: Pick<Cluster, 'request'>;
  readonly namespace: string;
  /** ingress-nginx's `--election-id`; two controllers of different classes in one namespace need two. */
  readonly name?: string;
  /** Must be another one for each process: two with the same would both lead. */
  readonly identity: string;
  /** Milliseconds, in whole seconds. */
  readonly ttl?: number;
  readonly clock?: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export function createLease(options: LeaseOptions): Lease {
  const { cluster, namespace, identity, log } = options;
  const { name = 'ingress-controller-leader', ttl = 30_000, clock = SYSTEM_CLOCK } = options;
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  // As ingress-nginx derives it. Both the pause between renewals and that between attempts, as client-go has it.
  const retry = ttl / 4;
  // One that cannot renew stops earlier than anybody may take over, by a third of the time: clocks may differ in
  // speed, and a request that was sent as leader needs time to arrive. (client-go gives up at half of it.)
  const fence = (ttl * 2) / 3;

  const listeners = new Set<() => void>();
  let heldUntil = Number.NEGATIVE_INFINITY;
  let told = false;
  let trouble: string | null = null;
  /** What was last read or written, and when it was first seen to be so. */
  let seen: { readonly stored: StoredLease; readonly since: number } | null = null;
  /** A write was refused or its fate is unknown: read before the next. */
  let stale = true;

  const isLeader = () => clock.now() < heldUntil;

  return {
    isLeader,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async run(signal) {
      while (!signal.aborted) {
        await attempt(signal);
        tell();
        const pause = isLeader()
          ? Math.min(retry, heldUntil - clock.now() + 1)
          : retry * (1 + 1.2 * Math.random());
        await clock.sleep(pause, signal);
        tell();
      }
      await release();
      tell();
    },
  };

  async function attempt(signal: AbortSignal): Promise<void> {
    // The second round is for a holder whose write was refused: it learns at once whether it is the holder still.
    for (let round = 0; round < 2 && !signal.aborted; round += 1) {
      if (stale && !(await look(signal))) return;
      if (seen !== null && !mayTake(seen)) return;
      if ((await write(signal)) !== 'conflict') return;
    }
  }

  /** False: it could not be read. A lease that does not exist leaves `seen` null. */
  async function look(signal: AbortSignal): Promise<boolean> {
    const reply = await ask(cluster, { method: 'GET', path, signal, timeout: retry });
    if (reply.outcome === 'reply' && reply.status === 404) {
      seen = null;
      stale = false;
      return true;
    }
    if (reply.outcome !== 'reply' || reply.status !== 200) return fail('read', reply);
    if (trouble?.startsWith('read') === true) well();
    return take(reply);
  }

  function mayTake({ stored, since }: NonNullable<typeof seen>): boolean {
    const { holder, seconds } = stored.record;
    if (holder === identity || holder === '') return true;
    // Somebody else has it, whatever was thought before.
    heldUntil = Number.NEGATIVE_INFINITY;
    const duration = seconds > 0 ? seconds * 1000 : ttl;
    if (clock.now() >= since + duration) return true;
    stale = true;
    return false;
  }

  async function write(signal: AbortSignal): Promise<'written' | 'conflict' | 'failed'> {
    const sentAt = clock.now();
    const reply = await put(claim(), signal);
    if (reply.outcome === 'reply' && (reply.status === 200 || reply.status === 201)) {
      if (!take(reply)) return 'failed';
      heldUntil = sentAt + fence;
      well();
      return 'written';
    }
    stale = true;
    // A conflict is how elections are lost, and 404 that somebody removed the lease; neither is trouble.
    if (reply.outcome === 'reply' && (reply.status === 409 || reply.status === 404)) return 'conflict';
    fail('written', reply);
    return 'failed';
  }

  function put(record: LeaseRecord, signal: AbortSignal, timeout = retry): Promise<Reply> {
    const before = seen?.stored ?? null;
    const body = writeLease(record, { namespace, name }, before);
    return before === null
      ? ask(cluster, { method: 'POST', path: collection, body, signal, timeout })
      : ask(cluster, { method: 'PUT', path, body, signal, timeout });
  }

  function claim(): LeaseRecord {
    const now = microTime(clock.date());
    const before = seen?.stored.record;
    const mine = before?.holder === identity;
    return {
      holder: identity,
      seconds: Math.max(1, Math.ceil(ttl / 1000)),
      acquireTime: mine && before.acquireTime !== '' ? before.acquireTime : now,
      renewTime: now,
      transitions: (before?.transitions ?? 0) + (mine || before === undefined ? 0 : 1),
    };
  }

  function take(reply: Reply): boolean {
    const stored = reply.outcome === 'reply' ? readLease(reply.body) : null;
    if (stored === null) {
      stale = true;
      return fail('understood', reply);
    }
    const same = seen !== null && sameRecord(seen.stored.record, stored.record);
    seen = { stored, since: same && seen !== null ? seen.since : clock.now() };
    stale = false;
    return true;
  }

  async function release(): Promise<void> {
    if (seen?.stored.record.holder !== identity) return;
    heldUntil = Number.NEGATIVE_INFINITY;
    const { signal } = new AbortController();
    for (let round = 0; round < 2; round += 1) {
      // A renewal that the end cut short may have arrived.
      if (stale && !(await look(signal))) return;
      if (seen?.stored.record.holder !== identity) return;
      const now = microTime(clock.date());
      const free = { ...seen.stored.record, holder: '', seconds: 1, acquireTime: now, renewTime: now };
      const reply = await put(free, signal, Math.min(retry, RELEASE_TIMEOUT));
      if (reply.outcome === 'reply' && reply.status === 200)
        return log.info({ lease: name }, 'lease released');
      if (reply.outcome === 'unreachable' || reply.status !== 409) return void fail('released', reply);
      stale = true;
    }
  }

  function fail(what: string, reply: Reply): false {
    const message = describeReply(reply);
    const forbidden = reply.outcome === 'reply' && reply.status === 403;
    const said = `${what}${reply.outcome === 'reply' ? reply.status : ''}`;
    if (said !== trouble) {
      const hint = forbidden
        ? `Allow get, create and update of leases in the namespace ${namespace}.`
        : undefined;
      log.warn({ lease: name, message, hint }, `the lease cannot be ${what}; traffic does not depend on it`);
    }
    trouble = said;
    return false;
  }

  function well(): void {
    if (trouble !== null) log.info({ lease: name }, 'the lease is in reach again');
    trouble = null;
  }

  function tell(): void {
    const leader = isLeader();
    if (leader === told) return;
    told = leader;
    const holder = seen?.stored.record.holder ?? '';
    log.info(
      { lease: name, identity, holder },
      leader ? 'leading: status and Events are written here' : 'not leading',
    );
    for (const listener of listeners) listener();
  }
}

/** Milliseconds that a shutdown may wait for the API server. */
const RELEASE_TIMEOUT = 2_000;
