// How many reloads still have workers of theirs that drain: each is a whole generation of workers, with all the
// memory of its files. /proc tells it for every master of the prefix, whatever started them and whoever signalled.

import { liveMasters, readStat } from './processes.ts';

/** One for each earlier generation of workers, of any live master, that has not ended yet. */
export async function drainingReloads(prefix: string): Promise<number> {
  const masters = await liveMasters(prefix);
  const counts = await Promise.all(
    masters.map(async ({ workers }) => {
      const leaving = workers.filter(({ shuttingDown }) => shuttingDown);
      const stats = await Promise.all(leaving.map(({ pid }) => readStat(pid)));
      return countBirths(stats.flatMap((stat) => (stat === null ? [] : [Number(stat.startTime)])));
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * @param births clock ticks since boot. nginx forks the workers of a reload one right after the other and then waits
 * 100 ms before it tells those of before to leave, so a smaller gap is never one between two reloads. A worker that
 * took a dead one's place counts as one more: too many is harmless.
 */
export function countBirths(births: readonly number[]): number {
  const sorted = births.toSorted((a, b) => a - b);
  return sorted.filter((birth, index) => index === 0 || birth - (sorted[index - 1] ?? 0) >= GAP).length;
}

/** 90 ms, in ticks of 10 ms (USER_HZ, which Linux shows as 100 everywhere). */
const GAP = 9;
