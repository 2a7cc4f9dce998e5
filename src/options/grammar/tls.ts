// What the ConfigMap may say about TLS. The cipher list is the one text that reaches nginx.conf as it is, so its
// alphabet is exactly what OpenSSL's cipher lists need.

import { TLS_PROTOCOLS } from '../../model/upstream.ts';
import { words } from './choice.ts';
import { bad, good, type Parse } from './parsed.ts';

export const cipherList: Parse<string> = (given) =>
  /^[A-Za-z0-9!:@+_-]{1,4096}$/.test(given)
    ? good(given)
    : bad('an OpenSSL cipher list is expected: names joined by ":", with "!", "+", "-", "@" and "_"');

export const protocols = words(TLS_PROTOCOLS);

/** Of an endpoint's certificate, without a wildcard. Lower-case, as names are compared. */
export const tlsName: Parse<string> = (given) =>
  given.length <= 253 &&
  /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/.test(given)
    ? good(given.toLowerCase())
    : bad('a host name is expected, without a wildcard and without variables');
