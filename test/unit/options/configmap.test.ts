import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConfigMap } from '../../../src/model/kubernetes.ts';
import { CONFIG_KEYS, parseConfigMap } from '../../../src/options/configmap/parse.ts';

const base = { httpPort: 80, httpsPort: 443, ipv6: true, defaultSslCertificate: '' };
const read = (data: Readonly<Record<string, string>>) => {
  const metadata = { name: 'c', namespace: 'n', creationTimestamp: '', annotations: {}, labels: {} };
  const configMap: ConfigMap = { kind: 'ConfigMap', metadata, data };
  return parseConfigMap(configMap, base);
};
const told = (data: Readonly<Record<string, string>>) =>
  read(data).diagnostics.map((item) => `${item.severity} ${item.code} ${item.field}`);
const DEFAULTS = parseConfigMap(undefined, base).settings;

describe('the ConfigMap', () => {
  test("defaults are ingress-nginx's", () => {
    expect(DEFAULTS).toMatchObject({
      http2: true,
      workerProcesses: 'auto',
      workerShutdownTimeout: 240,
      maxWorkerConnections: 16_384,
      keepAlive: 75,
      keepAliveRequests: 1_000,
      largeClientHeaderBuffers: { number: 4, size: 8_192 },
      useForwardedHeaders: false,
      sslProtocols: ['TLSv1.2', 'TLSv1.3'],
      sslSessionTimeout: 600,
      hsts: { maxAge: 31_536_000, includeSubdomains: true, preload: false },
      httpRedirectCode: 308,
      noTlsRedirectLocations: ['/.well-known/acme-challenge'],
      defaultCertificate: null,
      upstreamKeepaliveConnections: 320,
      upstreamKeepaliveTime: 3_600,
      proxyConnectTimeout: 5,
      proxySendTimeout: 60,
      proxyReadTimeout: 60,
      defaults: {
        sslRedirect: true,
        forceSslRedirect: false,
        nextUpstreamTries: 3,
        nextUpstreamTimeout: 0,
        balancing: {
          algorithm: 'round_robin',
          hashBy: [],
          subsetSize: 0,
          slowStart: 0,
          panicThreshold: 0,
          passive: null,
          check: null,
        },
        passive: { failTimeout: 10, statuses: [], maxEjected: 50 },
        profile: {
          bodySize: 1_048_576,
          requestBuffering: true,
          buffering: false,
          bufferSize: 4_096,
          buffersNumber: 4,
          nextUpstream: ['error', 'timeout'],
        },
      },
    });
    expect(read({}).settings).toEqual(DEFAULTS);
  });

  test('values', () => {
    const { settings, diagnostics } = read({
      'bind-address': '10.0.0.1,::1',
      'disable-ipv6': 'true',
      'worker-processes': '4',
      'disable-access-log': 'true',
      hsts: 'false',
      'http-redirect-code': '301',
      'ssl-protocols': 'TLSv1.3',
      'proxy-next-upstream': 'http_502',
      'retry-non-idempotent': 'true',
      'no-tls-redirect-locations': '/a,/b',
      'ssl-session-timeout': ' 1h ',
    });
    expect(diagnostics).toEqual([]);
    expect(settings).toMatchObject({
      bindAddresses: ['10.0.0.1', '::1'],
      ipv6: false,
      workerProcesses: 4,
      accessLog: false,
      hsts: null,
      httpRedirectCode: 301,
      sslProtocols: ['TLSv1.3'],
      sslSessionTimeout: 3_600,
      noTlsRedirectLocations: ['/a', '/b'],
      defaults: { profile: { nextUpstream: ['http_502', 'non_idempotent'] } },
    });
  });

  test.each(Object.values(CONFIG_KEYS).map((declared) => declared.name))(
    'a bad %s keeps its default and is told',
    (name) => {
      for (const value of ['no way', '-1;', '"; x', 'x'.repeat(10_000), '\u0000']) {
        expect(told({ [name]: value })).toEqual([`error config-invalid data['${name}']`]);
        expect(read({ [name]: value }).settings).toEqual(DEFAULTS);
      }
      expect(told({ [name]: '' })).toEqual([]);
    },
  );

  test('how endpoints are picked', () => {
    const { settings, diagnostics } = read({
      'load-balance': 'least_conn',
      'slow-start': '30s',
      'panic-threshold': '20%',
      'upstream-max-fails': '3',
      'upstream-fail-timeout': '1m',
      'upstream-fail-statuses': '502-504,500',
      'upstream-max-ejected': '30',
    });
    const passive = {
      failTimeout: 60,
      statuses: [
        [500, 500],
        [502, 504],
      ],
      maxEjected: 30,
    }; // prettier-ignore
    expect(diagnostics).toEqual([]);
    expect(settings.defaults).toMatchObject({
      balancing: {
        algorithm: 'least_conn',
        slowStart: 30,
        panicThreshold: 20,
        passive: { maxFails: 3, ...passive },
      },
      passive,
    });
    expect(read({ 'upstream-fail-timeout': '1m' }).settings.defaults).toMatchObject({
      balancing: { passive: null },
      passive: { failTimeout: 60 },
    });
  });

  test.each(['chash', 'chashsubset', 'sticky_balanced', 'sticky_persistent'])(
    '%s is for Ingresses to say',
    (name) => {
      expect(told({ 'load-balance': name })).toEqual(["warning algorithm-unsupported data['load-balance']"]);
      expect(read({ 'load-balance': name }).settings).toEqual(DEFAULTS);
    },
  );

  test('header buffers that nginx would refuse together', () => {
    const data = { 'client-header-buffer-size': '16k', 'large-client-header-buffers': '4 8k' };
    expect(told(data)).toEqual(["error config-invalid data['large-client-header-buffers']"]);
    expect(read(data).settings).toEqual(DEFAULTS);
  });

  test('known but unsupported, unknown, and what asks for nothing', () => {
    expect(told({ 'use-gzip': 'true' })).toEqual(["warning config-unsupported data['use-gzip']"]);
    expect(told({ 'use-gzip': 'false', 'whitelist-source-range': '', 'enable-modsecurity': 'f' })).toEqual(
      [],
    );
    expect(told({ 'keep-alvie': '1' })).toEqual(["warning config-unknown data['keep-alvie']"]);
  });

  test.each([
    'whitelist-source-range',
    'denylist-source-range',
    'block-cidrs',
    'block-user-agents',
    'block-referers',
    'global-auth-url',
    'location-snippet',
    'whitelist-source-rnage',
  ])('%s denies everything', (name) => {
    expect(read({ [name]: 'x' }).denied).not.toBeNull();
    expect(read({ [name]: 'x' }).diagnostics).toMatchObject([{ severity: 'error' }]);
  });

  test('a snippet is told from a gate that is still to come, and what to use instead', () => {
    const { diagnostics } = read({ 'http-snippet': 'x' });
    expect(diagnostics).toMatchObject([
      { code: 'snippet-unsupported', severity: 'error', hint: expect.stringContaining('--include-http') },
    ]);
  });

  test.each(['\u0080', '\u007f', '\u009b2J', '\u202e', '\n'])(
    'what a terminal would obey is escaped: %j',
    (text) => {
      const [told] = read({ 'bind-address': `x${text}`, [`key${text}`]: 'x' }).diagnostics;
      expect(`${told?.field}${told?.message}`).not.toMatch(/[\p{Cc}\u202e]/u);
    },
  );

  test('never throws', () => {
    const keys = fc.oneof(
      fc.constantFrom(...Object.values(CONFIG_KEYS).map((item) => item.name)),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.dictionary(keys, fc.string({ unit: 'binary' }), { noNullPrototype: false }), (data) => {
        for (const item of read(data).diagnostics)
          expect(`${item.field}${item.message}`).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
