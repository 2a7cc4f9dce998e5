// What keeps Events few: for each object a bucket as client-go's spam filter has it, and for all of them a pace.

import type { Clock } from '../lease/clock.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

export interface Limits {
  /** Whether one more may be sent about this object now. */
  admits(object: string): boolean;
  /** Takes one of all: 0, or milliseconds to wait. */
  pace(): number;
}

export function createLimits(clock: Pick<Clock, 'now'>, perSecond: number): Limits {
  const all = createTokenBucket({ burst: ALL_BURST, perSecond }, clock);
  const buckets = new Map<string, TokenBucket>();
  return {
    admits(object) {
      const bucket = buckets.get(object) ?? createTokenBucket(OF_OBJECT, clock);
      // Put last again: the one that was not used for longest is the first to be forgotten.
      buckets.delete(object);
      buckets.set(object, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > MOST_OBJECTS && oldest !== undefined) buckets.delete(oldest);
      return bucket.take() === 0;
    },
    pace: () => all.take(),
  };
}

const ALL_BURST = 25;
const OF_OBJECT = { burst: 25, perSecond: 1 / 300 };
const MOST_OBJECTS = 4096;
