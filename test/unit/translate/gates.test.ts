import { describe, expect, test } from '@jest/globals';
import { SUPPORTED_ANNOTATIONS } from '../../../src/options/registry.ts';
import { codes, configMap, ingress, ours, routes, translate } from './support/objects.ts';

const withAnnotations = (annotations: Record<string, string>) => {
  const model = translate([
    ingress('a', { metadata: { annotations: ours(annotations) } }),
    ingress('b', {
      rules: [{ host: 'b.example', paths: [] }],
    }),
  ]);
  return { denied: routes(model)[0]?.denied ?? null, route: routes(model)[0], codes: codes(model), model };
};
const field = (name: string) => `metadata.annotations['nginx.ingress.kubernetes.io/${name}']`;

describe('gates', () => {
  test.each([
    ['whitelist-source-range', '10.0.0.0/8'],
    ['allowlist-source-range', ''],
    ['denylist-source-range', 'junk'],
    ['auth-url', 'https://auth.example'],
    ['auth-type', ''],
    ['auth-snippet', 'deny all;'],
    ['auth-tls-secret', 'default/ca'],
    ['satisfy', 'any'],
    ['limit-rps', '5'],
    ['limit-allowlist', '10.0.0.0/8'],
    ['enable-modsecurity', 'true'],
    ['enable-modsecurity', 'junk'],
    ['modsecurity-snippet', 'SecRuleEngine On'],
    ['ssl-passthrough', 'true'],
    ['global-rate-limit', '5'],
  ])('%s %j denies every location', (name, value) => {
    const found = withAnnotations({ [name]: value });
    expect(found.denied).toContain(name);
    expect(found.codes).toEqual([`error gate-unsupported Ingress/default/a ${field(name)}`]);
  });

  test.each([
    ['configuration-snippet', 'deny all;'],
    ['server-snippet', 'location /x { deny all; }'],
  ])('%s may hold one', (name, value) => {
    const found = withAnnotations({ [name]: value });
    expect(found.denied).toContain(name);
    expect(found.codes).toEqual([`error snippet-unsupported Ingress/default/a ${field(name)}`]);
  });

  test.each([
    ['configuration-snippet', ' \n'],
    ['enable-modsecurity', 'false'],
    ['auth-always-set-cookie', 'F'],
    ['auth-tls-verify-client', 'off'],
    ['enable-cors', 'false'],
    ['ssl-passthrough', 'false'],
    ['enable-global-auth', 'true'],
  ])('%s %j asks for nothing', (name, value) => {
    expect(withAnnotations({ [name]: value })).toMatchObject({ denied: null, codes: [] });
  });

  test.each([
    ['whitelist-source-rang', 'whitelist-source-range'],
    ['Auth-URL', 'auth-url'],
    ['auth-ulr', 'auth-url'],
    ['limit-rp', 'limit-rp'],
    ['auth-everything', 'restricts access'],
    ['configuration-snipet', 'configuration-snippet'],
  ])('%s looks like a gate and denies', (name, reason) => {
    const found = withAnnotations({ [name]: 'x' });
    expect(found.denied).toContain(reason);
    expect(found.codes).toEqual([`error annotation-unknown Ingress/default/a ${field(name)}`]);
  });

  test('a typo of something harmless is a warning with the name that was meant', () => {
    const found = withAnnotations({ 'proxy-body-siez': '8m' });
    expect(found).toMatchObject({
      denied: null,
      codes: [`warning annotation-unknown Ingress/default/a ${field('proxy-body-siez')}`],
    });
    expect(found.model.diagnostics[0]?.hint).toBe('Was proxy-body-size meant?');
  });

  test('annotations of others do not matter', () => {
    const model = translate([ingress('a', { metadata: { annotations: { 'x.example/auth-url': 'x' } } })]);
    expect(codes(model)).toEqual([]);
    const renamed = translate([ingress('a', { metadata: { annotations: { 'x.example/auth-url': 'x' } } })], {
      annotationsPrefix: 'x.example',
    });
    expect(routes(renamed)[0]?.denied).toContain('auth-url');
  });

  test('a gate in the ConfigMap denies everything', () => {
    const model = translate([ingress('a'), configMap({ 'whitelist-source-range': '10.0.0.0/8' })], {
      configmap: 'ingress/config',
    });
    expect(routes(model)[0]?.denied).toContain('whitelist-source-range');
    expect(codes(model)).toEqual([
      "error gate-unsupported ConfigMap/ingress/config data['whitelist-source-range']",
    ]);
  });
});

describe('values', () => {
  test('of annotations go before those of the ConfigMap', () => {
    const annotations = ours({
      'proxy-body-size': '8m',
      'proxy-connect-timeout': '7',
      'proxy-buffering': 'on',
      'proxy-next-upstream': 'http_502 error http_502',
      'proxy-next-upstream-tries': '0',
      'force-ssl-redirect': 'true',
    });
    const model = translate(
      [
        ingress('a', { metadata: { annotations } }),
        configMap({ 'proxy-read-timeout': '9', 'proxy-body-size': '2m' }),
      ],
      { configmap: 'ingress/config' },
    );
    expect(routes(model)[0]).toMatchObject({
      sslRedirect: true,
      denied: null,
      timeouts: { connect: 7, send: 60, read: 9 },
      nextUpstreamTries: 0,
      nextUpstreamTimeout: 0,
      profile: {
        bodySize: 8 * 1024 ** 2,
        requestBuffering: true,
        buffering: true,
        bufferSize: 4096,
        buffersNumber: 4,
        nextUpstream: ['error', 'http_502'],
      },
    });
    expect(codes(model)).toEqual([]);
  });

  const JUNK = ['?', '-1', '1x', '"', 'on; deny all', '\u0000', 'x'.repeat(10_000)];
  /** What is a value for some. */
  const SENSIBLE: Readonly<Record<string, readonly string[]>> = {
    'session-cookie-name': ['-1', '1x'],
    'session-cookie-expires': ['-1'],
    'session-cookie-max-age': ['-1'],
    'health-check-host': ['1x'],
    'health-check-service': ['-1', '1x'],
  };
  const names = (gate: boolean) =>
    Object.values(SUPPORTED_ANNOTATIONS)
      .filter((declared) => declared.scope === 'location' && (declared.gate === true) === gate)
      .map((declared) => declared.name);

  test.each(names(false))('a bad %s keeps the default and is told', (name) => {
    const plain = routes(translate([ingress('a')]))[0];
    for (const value of JUNK.filter((text) => SENSIBLE[name]?.includes(text) !== true)) {
      const found = withAnnotations({ [name]: value });
      expect(found.route).toEqual(plain);
      expect(found.codes).toEqual([`error annotation-invalid Ingress/default/a ${field(name)}`]);
    }
    expect(withAnnotations({ [name]: '' })).toMatchObject({ route: plain, codes: [] });
  });

  test.each(names(true))('a bad %s denies: its default would leave something out', (name) => {
    // A file, a ConfigMap and a host may well be named so.
    const named = /^(fastcgi-|proxy-ssl-name)/.test(name);
    for (const value of JUNK.filter((text) => !named || text !== '1x')) {
      const found = withAnnotations({ [name]: value });
      expect(found.denied).toBe(`the annotation ${name} cannot be read`);
      expect(found.codes).toEqual([`error annotation-invalid Ingress/default/a ${field(name)}`]);
    }
    expect(withAnnotations({ [name]: '' })).toMatchObject({ denied: null, codes: [] });
  });
});
