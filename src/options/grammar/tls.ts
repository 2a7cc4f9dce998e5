// What the ConfigMap may say about TLS. The cipher list is the one text that reaches nginx.conf as it is, so its
// alphabet is exactly what OpenSSL's cipher lists need.

import { words } from './choice.ts';
import { bad, good, type Parse } from './parsed.ts';

export const cipherList: Parse<string> = (given) =>
  /^[A-Za-z0-9!:@+_-]{1,4096}$/.test(given)
    ? good(given)
    : bad('an OpenSSL cipher list is expected: names joined by ":", with "!", "+", "-", "@" and "_"');

export const protocols = words(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
