// Points in time as RFC 3339 writes them, `2026-03-01T09:00:00Z` or with an offset: seconds since 1970.

import { bad, good, type Parse } from './parsed.ts';

export const moment: Parse<number> = (given) => {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(
      given,
    );
  const at = match === null ? Number.NaN : Date.parse(given.toUpperCase());
  // The calendar of Date lets the 30th of February be the 2nd of March.
  const real = match !== null && isDay(Number(match[1]), Number(match[2]), Number(match[3]));
  return real && at >= 0
    ? good(Math.floor(at / 1000))
    : bad('a time such as 2026-03-01T09:00:00Z or 2026-03-01T10:00:00+01:00 is expected');
};

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
