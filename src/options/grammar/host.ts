// Host names of rules: DNS names, lower-cased; `*` may stand for the whole first label. Addresses, ports and
// trailing dots are refused, as the API server refuses them.

import { bad, good, type Parse } from './parsed.ts';

export const host: Parse<string> = (given) => {
  // toLowerCase would fold letters from outside ASCII (K for the Kelvin sign) into it: judge before.
  const match =
    given.length <= 253 &&
    /^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/.test(
      given,
    );
  if (!match) return bad('a DNS name is expected, as shop.example or *.shop.example');
  if (/^[0-9.]+$/.test(given)) return bad('a DNS name is expected, not an address');
  return good(given.toLowerCase());
};
