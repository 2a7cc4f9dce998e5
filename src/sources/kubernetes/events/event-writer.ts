// Tells users about their objects by Events, as leader only: each diagnostic once, again when it changes or comes
// back, and every half hour while it lasts, since the API server forgets Events after an hour. One at a time, and
// never at the cost of anything else: the queue is bounded, and what cannot be told is dropped and counted.

import type { Logger } from 'pino';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../model/snapshot.ts';
import type { Cluster } from '../cluster.ts';
import { createAlarm } from '../lease/alarm.ts';
import { ask, describeReply, member } from '../lease/ask.ts';
import { type Clock, SYSTEM_CLOCK } from '../lease/clock.ts';
import type { Leadership } from '../lease/leadership.ts';
import { createLimits } from './limits.ts';
import { createNews, type Item } from './news.ts';
import { makeEvent, patchEvent, type Sent } from './send-event.ts';
import { uidInSnapshot } from './subject.ts';
import { readTopics, type Topic, withoutSecrets } from './topic.ts';

export interface EventWriter {
  /** All diagnostics that stand now; those of files and flags are passed over. Never waits. */
  offer(diagnostics: readonly Diagnostic[], snapshot: Snapshot): void;
  run(signal: AbortSignal): Promise<void>;
  facts(): EventFacts;
}

export interface EventFacts {
  readonly sent: number;
  /** Given up: the queue was full, the object had too many, or the API server refused. */
  readonly dropped: number;
  readonly waiting: number;
}

export interface EventWriterOptions {
  readonly cluster: Pick<Cluster, 'request'>;
  readonly leadership: Leadership;
  /** Also remarks of severity `info`, as Normal. */
  readonly info?: boolean;
  readonly capacity?: number;
  readonly perSecond?: number;
  readonly clock?: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export function createEventWriter(options: EventWriterOptions): EventWriter {
  const { cluster, leadership, log } = options;
  const { info = false, capacity = 1_000, perSecond = 5, clock = SYSTEM_CLOCK } = options;
  const alarm = createAlarm(clock);
  const limits = createLimits(clock, perSecond);
  const news = createNews({ capacity, now: () => clock.now(), keepFor: MAKE_WINDOW });
  /** Namespaces where Events are refused, or that are on their way out: until when they are left alone. */
  const held = new Map<string, number>();
  let snapshot = EMPTY_SNAPSHOT;
  let last: readonly Diagnostic[] | null = null;
  let sent = 0;
  let dropped = 0;
  let failures = 0;
  const said = new Set<string>();

  return {
    offer(diagnostics, next) {
      snapshot = next;
      if (diagnostics === last) return;
      last = diagnostics;
      news.replace(readTopics(diagnostics, info));
      if (news.waiting() > 0) alarm.ring();
    },
    facts: () => ({ sent, dropped, waiting: news.waiting() }),
    async run(signal) {
      const silence = leadership.onChange(() => alarm.ring());
      while (!signal.aborted) {
        if (!leadership.isLeader()) {
          news.forgetTold();
          news.takeDropped();
          await alarm.wait(LOOK_AGAIN, signal);
          continue;
        }
        if (news.waiting() === 0) news.remind(REMIND);
        const item = news.first();
        if (item === undefined) await alarm.wait(LOOK_AGAIN, signal);
        else await turn(item, signal);
        countDropped();
      }
      silence();
    },
  };

  async function turn(item: Item, signal: AbortSignal): Promise<void> {
    const { subject } = item.topic;
    const free = (held.get(subject.namespace) ?? 0) <= clock.now();
    item.admitted ||= limits.admits(`${subject.kind}/${subject.namespace}/${subject.name}`);
    if (!free || !item.admitted) return giveUp(item, item.topic);
    for (let wait = limits.pace(); wait > 0 && !signal.aborted; wait = limits.pace())
      await clock.sleep(wait, signal);
    if (signal.aborted || !item.standing || !leadership.isLeader()) return;

    // It may have changed while it waited, and may again while it is told.
    const { topic } = item;
    let result = await tell(item, topic, signal);
    // The API server has forgotten it: made anew, unless one was made just now and somebody removed it.
    const recent = item.madeAt !== null && clock.now() - item.madeAt < MAKE_WINDOW;
    if (result.outcome === 'gone' && !recent) {
      item.told = null;
      result = await tell(item, topic, signal);
    }
    if (!signal.aborted) await settle(item, topic, result, signal);
  }

  async function tell(item: Item, topic: Topic, signal: AbortSignal): Promise<Sent> {
    const { occurrences } = item;
    const found = await uidOf(topic, signal);
    if ('outcome' in found) return found;
    const { uid } = found;
    const parts = { topic, uid, message: withoutSecrets(topic.message, snapshot), at: clock.date() };
    // An object of another life has its own Event.
    const told = item.told?.uid === uid ? item.told : null;
    const result =
      told === null
        ? await makeEvent(cluster, parts, occurrences, signal)
        : await patchEvent(cluster, parts, told.count + occurrences, signal);
    if (result.outcome === 'made') item.madeAt = clock.now();
    if (result.outcome === 'made' || result.outcome === 'patched') item.told = { uid, count: result.count };
    return result;
  }

  /** An object that the Snapshot lacks is asked for, but never a Secret: its values would come along. */
  async function uidOf(
    topic: Topic,
    signal: AbortSignal,
  ): Promise<{ readonly uid: string | undefined } | Sent> {
    const known = uidInSnapshot(topic.subject, snapshot);
    if (known !== undefined || topic.subject.kind === 'Secret') return { uid: known };
    const reply = await ask(cluster, { method: 'GET', path: topic.subject.path, signal });
    if (reply.outcome === 'unreachable')
      return { outcome: 'again', own: false, pause: 0, message: reply.message };
    if (reply.status === 404)
      return { outcome: 'refused', status: 404, message: 'the object does not exist' };
    const busy = reply.status >= 500 || reply.status === 429;
    if (busy)
      return { outcome: 'again', own: true, pause: reply.retryAfter ?? 0, message: describeReply(reply) };
    const uid = member(reply.body, 'metadata', 'uid');
    return { uid: typeof uid === 'string' ? uid : undefined };
  }

  async function settle(item: Item, topic: Topic, result: Sent, signal: AbortSignal): Promise<void> {
    switch (result.outcome) {
      case 'made':
      case 'patched':
        sent += 1;
        failures = 0;
        said.clear();
        return news.settle(item, topic);
      case 'gone':
        return giveUp(item, topic);
      case 'refused':
        if (result.status === 403) held.set(topic.subject.namespace, clock.now() + HOLD);
        if (result.status !== 404) sayOnce(String(result.status), result.message);
        return giveUp(item, topic);
      case 'again': {
        sayOnce('again', result.message);
        failures += 1;
        if (result.own) item.failures += 1;
        if (item.failures >= MOST_TRIES) giveUp(item, topic);
        const pause = Math.min(60_000, 1_000 * 2 ** Math.min(failures - 1, 16)) * (0.8 + 0.4 * Math.random());
        await clock.sleep(Math.max(pause, result.pause), signal);
      }
    }
  }

  /** It had its turn, and has the next one when it changes, or when all that stands is told again. */
  function giveUp(item: Item, topic: Topic): void {
    dropped += 1;
    news.settle(item, topic);
  }

  function countDropped(): void {
    const lost = news.takeDropped();
    if (lost === 0) return;
    dropped += lost;
    if (!said.has('full'))
      log.warn({ lost, capacity }, 'more Events than fit the queue: the oldest are dropped');
    said.add('full');
  }

  function sayOnce(about: string, message: string): void {
    if (said.has(about)) return;
    said.add(about);
    const hint = about === '403' ? 'Allow create and patch of events.' : undefined;
    log.warn({ message, hint }, 'Events cannot be written; everything else goes on');
  }
}

/** Milliseconds. At most one Event is made for an object and a code within this. */
const MAKE_WINDOW = 600_000;
const REMIND = 1_800_000;
const LOOK_AGAIN = 60_000;
/** A namespace in which Events are forbidden is left alone for so long. */
const HOLD = 600_000;
/** As client-go. */
const MOST_TRIES = 12;
