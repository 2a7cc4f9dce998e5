// The same for each of many: so many at a time, and each start with leave of a pace.

import type { TokenBucket } from '../events/token-bucket.ts';
import type { Clock } from '../lease/clock.ts';

/** Acts in the order of the items; ends when all have ended. @returns how many said true. */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<boolean>,
): Promise<number> {
  const rest = items.values();
  let count = 0;
  const work = async () => {
    for (const item of rest) if (await act(item)) count += 1;
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return count;
}

/** Those who ask wait in line, so that only the first of them watches the clock. */
export function createPace(
  bucket: TokenBucket,
  clock: Pick<Clock, 'sleep'>,
): (signal: AbortSignal) => Promise<void> {
  let line = Promise.resolve();
  return (signal) => {
    line = line.then(async () => {
      for (let wait = bucket.take(); wait > 0 && !signal.aborted; wait = bucket.take())
        await clock.sleep(wait, signal);
    });
    return line;
  };
}
