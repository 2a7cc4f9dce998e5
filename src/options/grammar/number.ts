// Whole numbers within a range, as Go's Atoi takes them (a sign is allowed, a unit is not).

import { bad, good, type Parse } from './parsed.ts';

export function integer(minimum: number, maximum: number): Parse<number> {
  return (text) => {
    const value = /^[+-]?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum
      ? good(value === 0 ? 0 : value)
      : bad(`a whole number from ${minimum} to ${maximum} is expected`);
  };
}

/** Seconds without a unit; at most what nginx and Lua both hold as milliseconds in 31 bits. */
export const seconds: Parse<number> = integer(1, 2_147_483);

/** Like `seconds`, with 0 for "no limit". */
export const secondsOrZero: Parse<number> = integer(0, 2_147_483);
