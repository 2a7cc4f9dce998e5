// Helpers for the few values that stand in a Lua block: strict words in quotes, whole numbers, lists of words.

import { number } from './scalars.ts';
import { refuse } from './value-error.ts';

const TEXT = /^[A-Za-z0-9._/+-]{0,1000}$/;

export function luaString(value: unknown): string {
  if (typeof value !== 'string' || !TEXT.test(value)) refuse('plain text for Lua', value);
  return `"${value}"`;
}

export function luaNumber(value: unknown): string {
  return number(value);
}

/** `"a", "b"`: the inside of a table. */
export function luaStrings(value: unknown): string {
  if (!Array.isArray(value)) refuse('a list of texts for Lua', value);
  return value.map(luaString).join(', ');
}
