// A cipher list that any OpenSSL takes: it reaches nginx.conf from an Ingress, where one that matches nothing would
// stop the whole file. So it has to hold a suite or a class that is always there, and may leave out only what is not.

import { bad, good, type Parse } from './parsed.ts';

/** Names joined by ":"; up to 1,000 characters. Unknown names are left to OpenSSL, which passes over them. */
export const upstreamCiphers: Parse<string> = (given) => {
  const parts = given.length > 1_000 ? [] : given.split(':');
  const fits = parts.every((part, index) =>
    part === 'DEFAULT' ? index === 0 : NAME.test(part) || isHarmless(part) || part === '@STRENGTH',
  );
  return fits && parts.some((part) => ALWAYS_THERE.test(part))
    ? good(given)
    : bad(
        'an OpenSSL cipher list is expected that begins with DEFAULT, or holds HIGH or a suite of ECDHE with AES-GCM or CHACHA20, and leaves out ("!") nothing but weak ones',
      );
};

// OpenSSL refuses the whole list for a "_" behind a name that it knows; of those that begin with TLS_ it knows none or all.
const NAME = /^(?:[A-Z][A-Za-z0-9]*(?:[-+][A-Za-z0-9]+)*|TLS_[A-Z0-9_]+)$/;
const ALWAYS_THERE =
  /^(?:DEFAULT|HIGH|ECDHE-(?:RSA|ECDSA)-(?:AES128-GCM-SHA256|AES256-GCM-SHA384|CHACHA20-POLY1305))$/;

function isHarmless(part: string): boolean {
  return part.startsWith('!') && WEAK.has(part.slice(1));
}

const WEAK: ReadonlySet<string> = new Set(
  'aNULL eNULL NULL MD5 DES 3DES RC4 RC2 EXP EXPORT LOW MEDIUM PSK SRP CAMELLIA ARIA SEED IDEA DSS aDSS ADH AECDH kRSA'.split(
    ' ',
  ),
);
