// Attributes of a cookie of ours. Whatever could end one attribute and begin another stays out.

import { host } from './host.ts';
import { integer } from './number.ts';
import { bad, good, type Parse } from './parsed.ts';

export const cookiePath: Parse<string> = (given) =>
  /^\/[!-:<-~]{0,1023}$/.test(given)
    ? good(given)
    : bad('a path that starts with "/", without spaces, ";" and characters outside of ASCII, is expected');

/** A dot before it means nothing to browsers of today, and is kept. */
export const cookieDomain: Parse<string> = (given) => {
  const name = host(given.startsWith('.') ? given.slice(1) : given);
  return name.ok && !name.value.startsWith('*') && name.value.includes('.')
    ? good(given.toLowerCase())
    : bad('a DNS name with a dot in it is expected, as shop.example');
};

/** Seconds from now; less than 0 lets browsers forget it at once, as in ingress-nginx. */
export const cookieAge: Parse<number> = integer(-2_147_483_648, 2_147_483_647);
