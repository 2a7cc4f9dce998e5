// Paths of rules: data that both matchers compare byte by byte. Anything printable is allowed; which paths may be
// compiled into a configuration is decided in `render`, by a grammar of its own.

import { bad, good, type Parse } from './parsed.ts';

export const path: Parse<string> = (given) => {
  if (!given.startsWith('/')) return bad('a path that starts with "/" is expected');
  if (given.length > 1024 || (given.length > 340 && new TextEncoder().encode(given).length > 1024))
    return bad('at most 1,024 bytes are expected');
  return !given.isWellFormed() || /\p{Cc}/u.test(given)
    ? bad('a path without control characters is expected')
    : good(given);
};

/** Whether nginx's normalised URI can ever equal or begin with it: no empty, `.` or `..` segment inside. */
export function isNormalPath(given: string): boolean {
  return !/\/\/|\/\.\.?(\/|$)/.test(given);
}
