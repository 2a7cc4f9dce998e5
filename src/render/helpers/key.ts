// Helper for route keys in `set $route`: the one place where text that names a user's objects enters a file. nginx
// knows no escape for `$` there, so a key with any unusual byte is refused and its host stays interpreted.

import { refuse } from './value-error.ts';

const KEY = /^[A-Za-z0-9._~/@*:-]{1,250}$/;

export function key(value: unknown): string {
  if (typeof value !== 'string' || !isKeyText(value)) refuse('a route key', value);
  return `"${value}"`;
}

export function isKeyText(text: string): boolean {
  return KEY.test(text);
}
