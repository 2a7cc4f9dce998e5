// Waiting: a pause that a signal ends, and how long pauses are after failures in a row.

import { setTimeout } from 'node:timers/promises';
import type { Failure } from './failure.ts';
import type { Timing } from './timing.ts';

/** Ends early, and never throws, when the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

export interface Pauses {
  /** Milliseconds to wait after this failure. */
  after(failure: Failure): number;
  reset(): void;
}

export function createPauses(timing: Timing, random: () => number): Pauses {
  let unreachable = timing.firstPause;
  let answered = timing.firstPause;
  return {
    after({ status, retryAfter }) {
      const jitter = 1 + random();
      if (status === null) {
        const wait = Math.min(unreachable, timing.longestPauseUnreachable);
        unreachable = wait * 2;
        return wait * jitter;
      }
      // It is back, so the next time that nobody answers is a new outage.
      unreachable = timing.firstPause;
      const wait = Math.min(answered, timing.longestPause);
      answered = wait * 2;
      return Math.max(wait * jitter, Math.min(retryAfter ?? 0, timing.longestRetryAfter));
    },
    reset() {
      unreachable = timing.firstPause;
      answered = timing.firstPause;
    },
  };
}
