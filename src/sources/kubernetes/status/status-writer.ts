// Keeps `status.loadBalancer` of the Ingresses that are served at the published addresses, as leader only. It works on
// the difference between the newest Snapshot and what is wanted, so a missed chance costs nothing but time.

import type { Logger } from 'pino';
import type { Ingress, ObjectName, PublishedAddress } from '../../../model/kubernetes.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { Cluster } from '../cluster.ts';
import { createTokenBucket } from '../events/token-bucket.ts';
import { createAlarm } from '../lease/alarm.ts';
import { type Clock, SYSTEM_CLOCK } from '../lease/clock.ts';
import type { Leadership } from '../lease/leadership.ts';
import { type AddressSource, readAddresses } from './address-source.ts';
import { addressesKey } from './addresses.ts';
import { createAttempts } from './attempts.ts';
import { createPace, inParallel } from './in-parallel.ts';
import type { LastOne } from './last-one.ts';
import { takeBack } from './take-back.ts';
import { writeStatus } from './write-status.ts';

export interface StatusWriter {
  /** The newest state, and the names of the Ingresses in it that are ours and served. Never waits. */
  offer(snapshot: Snapshot, served: ReadonlySet<ObjectName>): void;
  /**
   * Writes until the signal is aborted; then, if so asked, takes the addresses back when it is the last one, for which
   * leadership has to outlast the signal (see `runWithLease`).
   */
  run(signal: AbortSignal): Promise<void>;
}

export interface StatusWriterOptions {
  readonly cluster: Pick<Cluster, 'request'>;
  readonly leadership: Leadership;
  readonly source: AddressSource;
  /**
   * Asked at a clean end of the leader (`--update-status-on-shutdown`): the last one empties what was published. Null:
   * nobody does.
   */
  readonly isLast: ((signal: AbortSignal) => Promise<LastOne>) | null;
  /** Milliseconds after which all is looked at again (`--status-update-interval`). */
  readonly interval?: number;
  readonly atOnce?: number;
  readonly perSecond?: number;
  /** Milliseconds that taking back may last. */
  readonly endWithin?: number;
  readonly clock?: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { cluster, leadership, source, isLast, log } = options;
  const {
    interval = 60_000,
    atOnce = 10,
    perSecond = 50,
    endWithin = 10_000,
    clock = SYSTEM_CLOCK,
  } = options;
  const alarm = createAlarm(clock);
  const attempts = createAttempts({
    now: () => clock.now(),
    again: interval,
    retry: 1_000,
    longest: 600_000,
  });
  const pace = createPace(createTokenBucket({ burst: perSecond, perSecond }, clock), clock);
  let state: { readonly snapshot: Snapshot; readonly served: ReadonlySet<ObjectName> } | null = null;
  let known: readonly PublishedAddress[] | null = null;
  let readAgain = true;
  let failures = 0;
  const said = new Set<string>();

  return {
    offer(snapshot, served) {
      const before = state;
      state = { snapshot, served };
      // Each event of an endpoint makes a Snapshot; few of them concern status.
      const ofService = before === null || serviceOf(before.snapshot) !== serviceOf(snapshot);
      if (ofService) readAgain = true;
      const same = before?.snapshot.ingresses === snapshot.ingresses && sameSet(before.served, served);
      if (ofService || !same) alarm.ring();
    },
    async run(signal) {
      if (source.kind === 'none') {
        log.info({}, `status of Ingresses is not written: ${source.reason}`);
        return;
      }
      const silence = leadership.onChange(() => alarm.ring());
      let readAt = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        let pause = interval;
        let notBefore = 0;
        if (leadership.isLeader() && state !== null) {
          const old = clock.now() - readAt >= interval;
          if (old || readAgain || known === null) {
            readAt = clock.now();
            await readKnown(source, signal);
          }
          pause = known === null ? retryPause() : await pass(known, signal);
          if (failures > 0) notBefore = clock.now() + pause;
        }
        await alarm.wait(pause, signal);
        // News must not make a server that is in trouble be asked more often.
        if (clock.now() < notBefore && !signal.aborted) await clock.sleep(notBefore - clock.now(), signal);
      }
      silence();
      if (isLast === null || known === null) return;
      const ours = servedNames().flatMap((name) => ingressOf(name) ?? []);
      const published = ours.filter((ingress) => (ingress.published ?? known ?? []).length > 0);
      await takeBack(published, known.length, { cluster, leadership, isLast, atOnce, endWithin, log });
    },
  };

  async function readKnown(
    from: Exclude<AddressSource, { kind: 'none' }>,
    signal: AbortSignal,
  ): Promise<void> {
    readAgain = false;
    const read = await readAddresses(from, cluster, signal);
    if ('addresses' in read) {
      known = read.addresses;
      said.delete('addresses');
      return;
    }
    readAgain = true;
    failures += 1;
    if (!signal.aborted) sayOnce('addresses', read.message, 'what was published before stays');
  }

  /** One look at all; returns milliseconds until the next. */
  async function pass(addresses: readonly PublishedAddress[], signal: AbortSignal): Promise<number> {
    const wanted = addressesKey(addresses);
    attempts.keep(state?.snapshot.ingresses ?? new Map());
    let trouble: number | null = null;
    const halted = () => trouble !== null || signal.aborted || !leadership.isLeader();
    const due = servedNames().filter((name) => dueIn(name, wanted) === 0);
    const written = await inParallel(due, atOnce, async (name) => {
      if (halted()) return false;
      await pace(signal);
      // Seen anew, as it has waited: the newest object, if it still needs it.
      const ingress = ingressOf(name);
      if (halted() || ingress === undefined || dueIn(name, wanted) !== 0) return false;
      const result = await writeStatus(cluster, ingress, addresses, signal);
      if (signal.aborted) return false;
      switch (result.outcome) {
        case 'written':
        case 'gone':
          attempts.written(name, ingress, wanted);
          return result.outcome === 'written';
        case 'busy':
          trouble = Math.max(trouble ?? 0, result.pause);
          sayOnce('busy', result.message, 'writing status waits');
          return false;
        case 'failed':
          attempts.failed(name, ingress, wanted);
          sayOnce(`${result.status}`, `Ingress/${name}: ${result.message}`, 'writing status is tried again');
          return false;
      }
    });
    if (written > 0) log.info({ written, addresses: addresses.length }, 'status of Ingresses written');
    if (trouble !== null) {
      failures += 1;
      return Math.max(trouble, retryPause());
    }
    if (!readAgain) failures = 0;
    const next = servedNames().reduce((least, name) => Math.min(least, dueIn(name, wanted)), Infinity);
    if (next === Infinity && failures === 0) said.clear();
    return Math.min(failures > 0 ? Math.max(next, retryPause()) : next, interval);
  }

  function dueIn(name: ObjectName, wanted: string): number {
    const ingress = ingressOf(name);
    return ingress === undefined ? Number.POSITIVE_INFINITY : attempts.due(name, ingress, wanted);
  }

  function ingressOf(name: ObjectName): Ingress | undefined {
    return state?.served.has(name) === true ? state.snapshot.ingresses.get(name) : undefined;
  }

  function servedNames(): readonly ObjectName[] {
    return [...(state?.served ?? [])];
  }

  function serviceOf(snapshot: Snapshot): unknown {
    return source.kind === 'service'
      ? snapshot.services.get(`${source.namespace}/${source.name}`)
      : undefined;
  }

  function retryPause(): number {
    return Math.min(interval, 1_000 * 2 ** Math.min(failures, 16)) * (0.8 + 0.4 * Math.random());
  }

  function sayOnce(about: string, message: string, consequence: string): void {
    if (said.has(about)) return;
    said.add(about);
    const hint = about === '403' ? 'Allow patch of ingresses/status.' : undefined;
    log.warn({ message, hint }, consequence);
  }
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a === b || (a.size === b.size && [...a].every((name) => b.has(name)));
}
