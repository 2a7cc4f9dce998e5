// Keys of ingress-nginx's ConfigMap without effect here. Those that restrict access are gates: while one is set,
// nothing is served, since everything it kept out would be let in.

import { boolean } from '../grammar/boolean.ts';

export interface UnsupportedKey {
  readonly name: string;
  readonly kind: 'ignored' | 'gate';
  /** Values that ask for nothing: what is the case without the key too. An empty one always does. */
  readonly inert: (value: string) => boolean;
}

type Entry = string | readonly [name: string, inert: string];

const IGNORED: readonly Entry[] = [
  ['use-proxy-protocol', 'false'], 'proxy-real-ip-cidr', 'log-format-upstream', ['log-format-escape-json', 'false'],
  ['log-format-escape-none', 'false'], 'custom-http-errors', ['use-gzip', 'false'], 'gzip-level', 'gzip-min-length',
  'gzip-types', 'gzip-disable', ['allow-snippet-annotations', 'false'], 'annotations-risk-level',
  'forwarded-for-header', 'forwarded-host-header', 'forwarded-for-proxy-protocol-header',
  ['enable-real-ip', 'false'], 'add-headers', 'proxy-set-headers', 'hide-headers', 'no-auth-locations',
  'global-auth-method', 'global-auth-signin', 'global-auth-signin-redirect-param', 'global-auth-response-headers',
  'global-auth-request-redirect', 'global-auth-cache-key', 'global-auth-cache-duration',
  'global-auth-always-set-cookie', 'limit-req-status-code', 'limit-conn-status-code', 'limit-conn-zone-variable',
  'limit-rate', 'limit-rate-after', 'access-log-path', 'error-log-path', 'access-log-params',
  'http-access-log-path', 'stream-access-log-path', 'disable-stream-access-log',
  'enable-access-log-for-default-backend', 'skip-access-log-urls', ['generate-request-id', 'true'],
  'ssl-session-cache', 'ssl-session-cache-size', ['ssl-session-tickets', 'false'], 'ssl-session-ticket-key',
  'ssl-buffer-size', ['ssl-ecdh-curve', 'auto'], 'ssl-dh-param', ['ssl-reject-handshake', 'false'],
  ['enable-brotli', 'false'], 'brotli-level', 'brotli-min-length', 'brotli-types', ['service-upstream', 'false'],
  'global-allowed-response-headers', 'strict-validate-path-type', 'annotation-value-word-blocklist',
  ['allow-cross-namespace-resources', 'false'], ['enable-serial-reloads', 'false'], 'proxy-stream-timeout',
  'proxy-stream-next-upstream', 'proxy-stream-next-upstream-timeout', 'proxy-stream-next-upstream-tries',
  'proxy-stream-responses', 'log-format-stream', ['reuse-port', 'true'], ['enable-multi-accept', 'true'],
  ['enable-aio-write', 'true'], 'disable-ipv6-dns', 'worker-cpu-affinity', 'map-hash-bucket-size',
  'variables-hash-bucket-size', 'variables-hash-max-size', 'proxy-headers-hash-bucket-size',
  'proxy-headers-hash-max-size', 'server-name-hash-bucket-size', 'server-name-hash-max-size', 'lua-shared-dicts',
  ['use-geoip', 'false'], ['use-geoip2', 'false'], 'geoip2-autoreload-in-minutes', 'otel-service-name',
  'otel-sampler', 'otel-sampler-ratio', 'otel-sampler-parent-based', 'otel-max-queuesize',
  'otel-schedule-delay-millis', 'otel-max-export-batch-size', 'otlp-collector-host', 'otlp-collector-port',
  ['enable-opentelemetry', 'false'], 'opentelemetry-config', 'opentelemetry-operation-name',
  'opentelemetry-trust-incoming-span', ['enable-ocsp', 'false'], ['enable-syslog', 'false'], 'syslog-host',
  'syslog-port', 'proxy-cookie-domain', 'proxy-cookie-path', 'proxy-redirect-from', 'proxy-redirect-to',
  'allow-backend-server-header', 'proxy-add-original-uri-header', 'default-type', 'debug-connections',
  'grpc-buffer-size-kb', ['relative-redirects', 'false'], ['use-port-in-redirects', 'false'],
  'nginx-status-ipv4-whitelist', 'nginx-status-ipv6-whitelist', ['ssl-early-data', 'false'],
  ['preserve-trailing-slash', 'false'], ['proxy-ssl-location-only', 'false'], 'http2-max-field-size',
  'http2-max-header-size', 'http2-max-requests', 'proxy-max-temp-file-size', 'proxy-busy-buffers-size',
  ['proxy-http-version', '1.1'], 'plugins', 'main-snippet', 'stream-snippet', 'upstream-hash-by',
  'global-rate-limit-status-code', 'enable-opentracing',
]; // prettier-ignore

const GATES: readonly Entry[] = [
  'whitelist-source-range', 'denylist-source-range', 'block-cidrs', 'block-user-agents', 'block-referers',
  'global-auth-url', 'global-auth-snippet', ['enable-modsecurity', 'false'],
  ['enable-owasp-modsecurity-crs', 'false'], 'modsecurity-snippet', 'http-snippet', 'server-snippet',
  'location-snippet',
]; // prettier-ignore

export const UNSUPPORTED_KEYS: ReadonlyMap<string, UnsupportedKey> = new Map(
  [
    ...IGNORED.map((entry) => declare(entry, 'ignored')),
    ...GATES.map((entry) => declare(entry, 'gate')),
  ].map((declared) => [declared.name, declared]),
);

function declare(entry: Entry, kind: UnsupportedKey['kind']): UnsupportedKey {
  const [name, inertText] = typeof entry === 'string' ? [entry, ''] : entry;
  const wanted = boolean(inertText);
  const inert = (value: string): boolean => {
    const given = boolean(value);
    return value.trim() === '' || value === inertText || (wanted.ok && given.ok && wanted.value === given.value);
  };
  return { name, kind, inert };
}
