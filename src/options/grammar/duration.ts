// Times with a unit as nginx writes them, `240s`, `10m`, `1h`, `1d`: seconds. Without a unit: seconds.

import { bad, good, type Parse } from './parsed.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @param minimum,maximum seconds, inclusive. */
export function duration(minimum: number, maximum: number): Parse<number> {
  return (text) => {
    const match = /^([0-9]{1,9})([smhd]?)$/.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
    return value >= minimum && value <= maximum
      ? good(value)
      : bad(`a time such as 30s, 10m or 1h, from ${minimum} to ${maximum} seconds, is expected`);
  };
}
