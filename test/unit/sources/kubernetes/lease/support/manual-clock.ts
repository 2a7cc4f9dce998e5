// A clock that stands still until it is told to go on. Sockets and the event loop go on as ever.

import type { Clock } from '../../../../../../src/sources/kubernetes/lease/clock.ts';

export interface ManualClock extends Clock {
  /** Goes on by so many milliseconds, waking sleepers in the order of their times. */
  advance(milliseconds: number): Promise<void>;
  /** How many sleep. */
  sleepers(): number;
}

export function createManualClock(start = 1_000): ManualClock {
  let now = start;
  const sleeping = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => now,
    date: () => new Date(Date.UTC(2026, 0, 1) + now),
    sleepers: () => sleeping.size,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || milliseconds <= 0) return resolve();
        const wake = () => {
          sleeping.delete(sleeper);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { at: now + milliseconds, wake };
        sleeping.add(sleeper);
        signal.addEventListener('abort', wake, { once: true });
      }),
    async advance(milliseconds) {
      // Whoever is still at an exchange would begin to sleep only after the time that it was to sleep through.
      await settled(1);
      const end = now + milliseconds;
      for (;;) {
        const [next] = [...sleeping].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        now = Math.max(now, next.at);
        const before = sleeping.size;
        next.wake();
        await settled(before);
      }
      now = end;
      await settled(sleeping.size);
    },
  };

  /** Lets those who are awake do their exchanges on loopback, until so many sleep, or for a while. */
  async function settled(sleepers: number): Promise<void> {
    const deadline = performance.now() + 500;
    do await new Promise((resolve) => setTimeout(resolve, 2));
    while (sleeping.size < sleepers && performance.now() < deadline);
  }
}
