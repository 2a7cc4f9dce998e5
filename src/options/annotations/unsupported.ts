// Every annotation that ingress-nginx documents and that has no effect here yet. Those that restrict access are
// gates: serving without them would open what somebody closed.

import { boolean } from '../grammar/boolean.ts';
import type { UnsupportedAnnotation } from './declaration.ts';

/** Name, or name and the value that asks for nothing (ingress-nginx's default). */
type Entry = string | readonly [name: string, inert: string];

const SERVED: readonly Entry[] = [
  ['preserve-trailing-slash', 'false'],
  'proxy-busy-buffers-size',
  'proxy-max-temp-file-size',
  'proxy-redirect-from',
  'proxy-redirect-to',
  'proxy-cookie-domain',
  'proxy-cookie-path',
  'client-body-buffer-size',
  'upstream-vhost',
  'connection-proxy-header',
  'custom-headers',
  'session-cookie-hash',
  ['enable-cors', 'false'],
  'cors-allow-origin',
  'cors-allow-methods',
  'cors-allow-headers',
  'cors-allow-credentials',
  'cors-expose-headers',
  'cors-max-age',
  ['enable-global-auth', 'true'],
  'permanent-redirect',
  'permanent-redirect-code',
  'temporal-redirect',
  'temporal-redirect-code',
  ['from-to-www-redirect', 'false'],
  ['relative-redirects', 'false'],
  ['use-port-in-redirects', 'false'],
  'server-alias',
  'custom-http-errors',
  ['disable-proxy-intercept-errors', 'false'],
  'default-backend',
  ['enable-access-log', 'true'],
  ['enable-rewrite-log', 'false'],
  ['enable-opentelemetry', 'false'],
  'opentelemetry-trust-incoming-span',
  'opentelemetry-operation-name',
  'modsecurity-transaction-id',
  'mirror-target',
  'mirror-host',
  'mirror-request-body',
  'ssl-ciphers',
  'ssl-prefer-server-ciphers',
  ['http2-push-preload', 'false'],
  ['enable-influxdb', 'false'],
  'influxdb-measurement',
  'influxdb-port',
  'influxdb-host',
  'influxdb-server-name',
  ['enable-opentracing', 'false'],
  'opentracing-trust-incoming-span',
];

const GATES: readonly Entry[] = [
  'whitelist-source-range',
  'denylist-source-range',
  'limit-rps',
  'limit-rpm',
  'limit-connections',
  'limit-burst-multiplier',
  'limit-rate',
  'limit-rate-after',
  'limit-whitelist',
  'auth-type',
  'auth-secret',
  'auth-realm',
  'auth-secret-type',
  'auth-url',
  'auth-signin',
  'auth-signin-redirect-param',
  'auth-response-headers',
  'auth-method',
  'auth-proxy-set-headers',
  'auth-request-redirect',
  'auth-cache-key',
  'auth-cache-duration',
  'auth-keepalive',
  'auth-keepalive-requests',
  'auth-keepalive-timeout',
  ['auth-keepalive-share-vars', 'false'],
  ['auth-always-set-cookie', 'false'],
  'auth-snippet',
  'satisfy',
  'auth-tls-secret',
  ['auth-tls-verify-client', 'off'],
  'auth-tls-verify-depth',
  ['auth-tls-pass-certificate-to-upstream', 'false'],
  'auth-tls-error-page',
  'auth-tls-match-cn',
  ['enable-modsecurity', 'false'],
  ['enable-owasp-core-rules', 'false'],
  'modsecurity-snippet',
  // The endpoints do TLS themselves, and with it whatever they ask of clients.
  ['ssl-passthrough', 'false'],
  ['secure-backends', 'false'],
  'secure-verify-ca-secret',
  'global-rate-limit',
  'global-rate-limit-window',
  'global-rate-limit-key',
  'global-rate-limit-ignored-cidrs',
];

const SNIPPETS: readonly Entry[] = ['configuration-snippet', 'server-snippet', 'stream-snippet'];

const ALIASES: Readonly<Record<string, readonly string[]>> = {
  'whitelist-source-range': ['allowlist-source-range'],
  'limit-whitelist': ['limit-allowlist'],
};

export const UNSUPPORTED_ANNOTATIONS: readonly UnsupportedAnnotation[] = [
  ...SERVED.map((entry) => declare(entry, 'serve', 'Not supported yet; without effect.')),
  ...GATES.map((entry) => declare(entry, 'gate', 'Not supported yet; its locations answer 503.')),
  ...SNIPPETS.map((entry) =>
    declare(
      entry,
      'snippet',
      'Raw configuration is never applied; its locations answer 503 while it is set.',
    ),
  ),
];

function declare(entry: Entry, kind: UnsupportedAnnotation['kind'], doc: string): UnsupportedAnnotation {
  const [name, inertText] = typeof entry === 'string' ? [entry, undefined] : entry;
  const inert = kind === 'snippet' ? isBlank : inertText === undefined ? never : sameAs(inertText);
  return { support: 'none', name, aliases: ALIASES[name] ?? [], scope: 'location', kind, inert, doc };
}

function sameAs(expected: string): (value: string) => boolean {
  const wanted = boolean(expected);
  return (value) => {
    const given = boolean(value);
    return wanted.ok && given.ok ? wanted.value === given.value : value === expected;
  };
}

function isBlank(value: string): boolean {
  return value.trim() === '';
}

function never(): boolean {
  return false;
}
