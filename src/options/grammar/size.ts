// Sizes as nginx writes them, `8k`, `1m`, `512`: bytes. Case does not matter and spaces are dropped, as
// ingress-nginx does; its `b` suffix, which it validates and then silently ignores, means bytes here.

import { bad, good, type Parse } from './parsed.ts';

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** @param minimum,maximum bytes, inclusive. */
export function size(minimum: number, maximum: number): Parse<number> {
  return (text) => {
    const match = /^([0-9]{1,15})([bkmg]?)$/.exec(text.slice(0, 100).replaceAll(' ', '').toLowerCase());
    if (match === null || text.length > 100) return bad('a size such as 512, 8k, 1m or 2g is expected');
    const value = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
    return value >= minimum && value <= maximum
      ? good(value)
      : bad(`a size from ${showSize(minimum)} to ${showSize(maximum)} is expected`);
  };
}

/** A limit on bodies: 0 means none. */
export const bodySize: Parse<number> = size(0, 2 ** 50);

/** A buffer that every connection or request may claim: big enough for a header line, small enough to multiply. */
export const bufferSize: Parse<number> = size(512, 8 * 1024 ** 2);

function showSize(bytes: number): string {
  for (const unit of ['g', 'm', 'k']) {
    const factor = UNITS[unit] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
