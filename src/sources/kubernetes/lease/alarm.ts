// A wait that ends early when there is news. News that comes while nobody waits ends the next wait at once.

import type { Clock } from './clock.ts';

export interface Alarm {
  ring(): void;
  /** Until it rings, the time is over, or the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export function createAlarm(clock: Clock): Alarm {
  let rung = false;
  let sleeper: AbortController | null = null;
  return {
    ring() {
      rung = true;
      sleeper?.abort();
    },
    async wait(milliseconds, signal) {
      if (!rung && !signal.aborted) {
        const current = new AbortController();
        const end = () => current.abort();
        signal.addEventListener('abort', end, { once: true });
        sleeper = current;
        await clock.sleep(milliseconds, current.signal);
        sleeper = null;
        signal.removeEventListener('abort', end);
      }
      rung = false;
    },
  };
}
