// Text that stays data: it reaches documents, never a configuration. Bounded, well-formed Unicode, and without
// control characters, so that a log line or a JSON document is never more than it looks.

import { bad, good, type Parse } from './parsed.ts';

export function text(maximum: number): Parse<string> {
  return (given) =>
    given.length > 0 && given.length <= maximum && given.isWellFormed() && !/\p{Cc}/u.test(given)
      ? good(given)
      : bad(`1 to ${maximum} characters without control characters are expected`);
}

/** An HTTP token (RFC 9110, 5.6.2), the grammar of header names. Lower-case, as lookups need it. */
export const headerName: Parse<string> = (given) =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(given)
    ? good(given.toLowerCase())
    : bad('the name of a header is expected: up to 128 letters, digits, "-", "_" or "."');

/** Narrower than a token: what nginx can look up as `$cookie_name`, with "-" and ".". */
export const cookieName: Parse<string> = (given) =>
  /^[A-Za-z0-9_.-]{1,128}$/.test(given)
    ? good(given)
    : bad('the name of a cookie is expected: up to 128 letters, digits, "-", "_" or "."');
