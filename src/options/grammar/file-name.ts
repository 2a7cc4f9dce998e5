// A plain file name, as it may stand in nginx.conf.

import { bad, good, type Parse } from './parsed.ts';

export const fileName: Parse<string> = (given) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(given)
    ? good(given)
    : bad(
        'a file name of up to 128 letters, digits, "-", "_" and "." is expected, a letter, digit or "_" first',
      );
