// Helpers for values that have no text of their own: numbers, sizes, times, switches.

import { refuse } from './value-error.ts';

/** Whole and not negative. */
export function number(value: unknown): string {
  return String(count('a whole number', value));
}

/** Bytes, as nginx writes sizes: `512`, `8k`, `1m`. */
export function size(value: unknown): string {
  const bytes = count('a size in bytes', value);
  if (bytes === 0 || bytes % 1024 !== 0) return String(bytes);
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576}m` : `${bytes / 1024}k`;
}

/** nginx counts milliseconds in a signed 32-bit number. */
export function seconds(value: unknown): string {
  const time = count('a time in seconds', value);
  if (time > 2_147_483) refuse('at most 2147483 seconds', value);
  return `${time}s`;
}

export function onOff(value: unknown): string {
  if (typeof value !== 'boolean') refuse('true or false', value);
  return value ? 'on' : 'off';
}

function count(expected: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) refuse(expected, value);
  return value;
}
