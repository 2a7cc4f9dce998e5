// TLS, HSTS and the redirect to https.

import { boolean } from '../grammar/boolean.ts';
import { choice } from '../grammar/choice.ts';
import { duration } from '../grammar/duration.ts';
import { locationList } from '../grammar/locations.ts';
import { integer } from '../grammar/number.ts';
import type { Parse } from '../grammar/parsed.ts';
import { good } from '../grammar/parsed.ts';
import { cipherList, protocols } from '../grammar/tls.ts';
import { key } from './declaration.ts';

const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
].join(':');

const REDIRECT_CODES = { '301': 301, '302': 302, '307': 307, '308': 308 } as const;
type RedirectCode = (typeof REDIRECT_CODES)[keyof typeof REDIRECT_CODES];

const redirectCode: Parse<RedirectCode> = (text) => {
  const parsed = choice(['301', '302', '307', '308'])(text);
  return parsed.ok ? good(REDIRECT_CODES[parsed.value]) : parsed;
};

export const TLS_KEYS = {
  sslProtocols: key<readonly ('TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3')[]>(
    'ssl-protocols',
    protocols,
    ['TLSv1.2', 'TLSv1.3'],
    'Versions of TLS.',
  ),
  sslCiphers: key('ssl-ciphers', cipherList, CIPHERS, 'Ciphers up to TLS 1.2, as OpenSSL names them.'),
  sslSessionTimeout: key(
    'ssl-session-timeout',
    duration(1, 86_400),
    600,
    'How long a session may be resumed.',
  ),
  ocspStapling: key(
    'enable-ocsp',
    boolean,
    false,
    'Fetches OCSP responses and shows them with certificates that name a responder.',
  ),
  hsts: key('hsts', boolean, true, 'Sends Strict-Transport-Security over TLS.'),
  hstsMaxAge: key('hsts-max-age', integer(0, 1e10), 31_536_000, 'Seconds for which browsers remember it.'),
  hstsIncludeSubdomains: key('hsts-include-subdomains', boolean, true, 'Extends it to all hosts below.'),
  hstsPreload: key('hsts-preload', boolean, false, 'Asks for the list that browsers carry.'),
  httpRedirectCode: key<RedirectCode>(
    'http-redirect-code',
    redirectCode,
    308,
    'Status of the redirect to https.',
  ),
  noTlsRedirectLocations: key<readonly string[]>(
    'no-tls-redirect-locations',
    locationList,
    ['/.well-known/acme-challenge'],
    'Beginnings of paths that are never redirected to https.',
  ),
};
