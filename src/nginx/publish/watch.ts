// Watching the nginx that is not ours to start: is it there, which instances are there, do they have what is
// accepted. One that does not (a restart, a hot upgrade, a lost zone) is given everything.

import { watch as watchFolder } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LAYOUT } from '../../model/runtime.ts';
import { untilBeat } from '../beat.ts';
import type { Publisher } from './publisher.ts';
import { type Reach, survey } from './reach.ts';
import type { ConfigStatus } from './status.ts';

/** What the watch saw last, for `/state` and readiness. */
export interface Sighting {
  /** Some nginx answers. */
  readonly up: boolean;
  /** Every serving master has answered and has the accepted set in force. */
  readonly inForce: boolean;
  /** Why not; null when it is. */
  readonly trouble: string | null;
  readonly instances: readonly ConfigStatus[];
}

export interface WatchParts extends Reach {
  readonly prefix: string;
  readonly publisher: Publisher;
  /** Called after each look. `changed`: not the same instances, answers or trouble as at the last one. */
  readonly onSighting: (sighting: Sighting, changed: boolean) => void;
  /** Milliseconds between looks; 500. */
  readonly interval?: number;
}

const LONGEST_WAIT = 30_000;

/** Settles when the signal is given. */
export async function watchNginx(parts: WatchParts): Promise<void> {
  const { publisher, signal, interval = 500 } = parts;
  const wake = createWake(join(parts.prefix, LAYOUT.pid), signal);
  let last = '';
  /** Looks in a row that saw nothing new. */
  let equal = 0;
  /** After a set that did not come into force, not the same again at once. */
  let notBefore = 0;
  let wait = interval;
  while (!signal.aborted) {
    const processes = await signature(parts);
    let sighting = await lookAtNginx(parts);
    if (
      sighting.up &&
      sighting.instances.some((one) => one.state !== publisher.state()) &&
      performance.now() >= notBefore
    ) {
      const outcome = await publisher.ensure();
      wait = outcome.outcome === 'in-force' ? interval : Math.min(wait * 2, LONGEST_WAIT);
      notBefore = outcome.outcome === 'in-force' ? 0 : performance.now() + wait;
      sighting = await lookAtNginx(parts);
      if (outcome.outcome !== 'in-force' && !sighting.inForce)
        sighting = { ...sighting, trouble: outcome.message };
    }
    if (signal.aborted) break;
    if (sighting.inForce) [wait, notBefore] = [interval, 0];
    const seen = JSON.stringify(sighting, exceptHealth);
    parts.onSighting(sighting, seen !== last);
    equal = seen === last ? equal + 1 : 0;
    last = seen;
    const inForce = sighting.inForce ? publisher.state() : null;
    const isSame = async () => publisher.state() === inForce && (await signature(parts)) === processes;
    // While all is in force and the processes stay the same ones, an idle gateway is asked seldom: looking at
    // processes costs a tenth of asking them. Not before it is settled: whether workers run the files that they
    // should is believed after three looks (`drift.ts`).
    const isQuiet = inForce !== null && equal >= SETTLED;
    const until = performance.now() + (isQuiet ? QUIET * interval : 0);
    do await wake.within(isQuiet ? untilBeat(CALM * interval) : interval);
    while (!signal.aborted && performance.now() < until && (await isSame()));
  }
  wake.close();
}

/** Which processes there are, as one text. */
async function signature({ masters }: WatchParts): Promise<string> {
  return JSON.stringify(await masters());
}

/** Endpoints come and go without anything for us to do. */
function exceptHealth(key: string, value: unknown): unknown {
  return key === 'health' ? undefined : value;
}

const QUIET = 10;
/** Processes are looked at so much less often then. */
const CALM = 2;
const SETTLED = 2;

/** One look, out of turn. */
export async function lookAtNginx(parts: Reach & Pick<WatchParts, 'publisher'>): Promise<Sighting> {
  const { statuses, trouble } = await survey(parts);
  const differs = statuses.some((status) => status.state !== parts.publisher.state());
  return {
    up: statuses.length > 0,
    inForce: statuses.length > 0 && trouble === null && !differs,
    trouble: trouble ?? (differs ? 'nginx does not have the accepted documents yet' : null),
    instances: statuses,
  };
}

/** Sleeps, but not past a change of the pid file (a hint: where the folder cannot be watched, the interval does). */
function createWake(pidFile: string, signal: AbortSignal) {
  let wakeUp: () => void = () => {};
  const folder = tryWatch(dirname(pidFile), (name) => {
    if (name?.startsWith(basename(pidFile))) wakeUp();
  });
  signal.addEventListener('abort', () => wakeUp(), { once: true });
  return {
    within(milliseconds: number): Promise<void> {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        if (signal.aborted) wakeUp();
      });
    },
    close: () => folder?.close(),
  };
}

function tryWatch(folder: string, onChange: (name: string | null) => void) {
  try {
    return watchFolder(folder, (_event, name) => onChange(name)).on('error', () => {});
  } catch {
    return null;
  }
}
