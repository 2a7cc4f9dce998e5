// Waiting longer after each failure: doubling, with jitter so that many controllers do not knock together.

export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  reset(): void;
}

export function createBackoff(options: { readonly first: number; readonly longest: number }): Backoff {
  let wait = options.first;
  return {
    next() {
      const base = wait;
      wait = Math.min(wait * 2, options.longest);
      return base * (1 + 0.2 * Math.random());
    },
    reset() {
      wait = options.first;
    },
  };
}
