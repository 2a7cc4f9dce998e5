// Time as a parameter: what lasts is measured on a monotonic clock, and the wall clock only writes dates for people.

export interface Clock {
  /** Milliseconds from some fixed moment; never set back. */
  now(): number;
  /** The wall clock, for what is written into objects; never compared with anybody else's. */
  date(): Date;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(0, milliseconds), LONGEST_TIMER));
      signal.addEventListener('abort', end, { once: true });
    }),
};

/** Node's timers fire at once beyond this. */
const LONGEST_TIMER = 2 ** 31 - 1;
