// Helpers for places: files, listening addresses, hosts, location paths. Each has its own grammar, because nginx
// reads each differently.

import { refuse } from './value-error.ts';

const PATH = /^\/[A-Za-z0-9._/+-]{0,1000}$/;
const LUA_PATH = /^\/[A-Za-z0-9._/+?-]{1,1000}$/;
const LISTEN = /^(?:(?:[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\]):)?[0-9]{1,5}$/;
const LABELS = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const LOCATION = /^\/[A-Za-z0-9._~/-]*$/;

/** Absolute path of a file or folder. */
export function path(value: unknown): string {
  if (typeof value !== 'string' || !PATH.test(value)) refuse('an absolute path', value);
  return value;
}

/** Entry of lua_package_path, with `?`. */
export function luaPath(value: unknown): string {
  if (typeof value !== 'string' || !LUA_PATH.test(value)) refuse('an entry of a Lua search path', value);
  return value;
}

/** `80`, `10.0.0.1:80`, `[::]:80`. */
export function listen(value: unknown): string {
  if (typeof value !== 'string' || !LISTEN.test(value)) refuse('an address to listen on', value);
  return value;
}

export function host(value: unknown): string {
  if (typeof value !== 'string' || !isHostName(value)) refuse('a host name', value);
  return value;
}

/** Path of a compiled location, quoted. */
export function location(value: unknown): string {
  if (typeof value !== 'string' || !isLocationPath(value)) refuse('a path for a location', value);
  return `"${value}"`;
}

/** An exact name, lower-case; no wildcard, which nginx would let take several labels. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && LABELS.test(text);
}

/**
 * A path that is its own normal form (nginx matches the decoded, merged, dot-free URI) and short enough: older
 * nginx keeps the length of a location in a byte.
 */
export function isLocationPath(text: string): boolean {
  if (text.length > 240 || !LOCATION.test(text) || text.includes('//')) return false;
  return !text.split('/').some((segment) => segment === '.' || segment === '..');
}
