// So many at once, and so many in a time after that.

import type { Clock } from '../lease/clock.ts';

export interface TokenBucket {
  /** Takes one: 0. Or takes none: milliseconds until there is one. */
  take(): number;
}

export function createTokenBucket(
  limits: { readonly burst: number; readonly perSecond: number },
  clock: Pick<Clock, 'now'>,
): TokenBucket {
  let tokens = limits.burst;
  let at = clock.now();
  return {
    take() {
      const now = clock.now();
      tokens = Math.min(limits.burst, tokens + ((now - at) / 1000) * limits.perSecond);
      at = now;
      if (tokens < 1) return Math.ceil(((1 - tokens) / limits.perSecond) * 1000);
      tokens -= 1;
      return 0;
    },
  };
}
