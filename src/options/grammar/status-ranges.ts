// Statuses of answers, single or as ranges, separated by commas: `200-399,404`.

import type { StatusRange } from '../../model/balancing.ts';
import { bad, good, type Parse } from './parsed.ts';

/** Sorted, without overlaps. */
export const statusRanges: Parse<readonly StatusRange[]> = (given) => {
  const ranges = given.length > 1_000 ? [null] : given.split(',').map((item) => rangeOf(item.trim()));
  const known = ranges.filter((range) => range !== null);
  return known.length === ranges.length ? good(merge(known)) : bad(EXPECTED);
};

const EXPECTED = 'statuses from 100 to 599 and ranges of them, as in 200-399,404, are expected';

function rangeOf(text: string): StatusRange | null {
  const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text);
  if (match === null) return null;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to ? [from, to] : null;
}

function merge(ranges: readonly StatusRange[]): readonly StatusRange[] {
  const merged: StatusRange[] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = merged.at(-1);
    if (last === undefined || from > last[1] + 1) merged.push([from, to]);
    else merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return merged;
}
