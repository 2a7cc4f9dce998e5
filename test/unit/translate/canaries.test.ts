import { describe, expect, test } from '@jest/globals';
import type { Ingress } from '../../../src/model/kubernetes.ts';
import { codes, ingress, ours, path, routes, service, slice, to, translate } from './support/objects.ts';

const canary = (
  name: string,
  annotations: Record<string, string>,
  more: Partial<Ingress> = {},
  created = '',
): Ingress => ({
  ...ingress(name, {
    rules: [{ host: 'shop.example', paths: [path('/', 'next')] }],
    metadata: { annotations: ours({ canary: 'true', ...annotations }), creationTimestamp: created },
  }),
  ...more,
});
const next = [service('next'), slice('next')];
const attached = (...objects: readonly Ingress[]) => {
  const model = translate([ingress('main'), ...next, ...objects]);
  return { canaries: routes(model)[0]?.canaries, codes: codes(model) };
};

describe('canaries', () => {
  test('take everything that the annotations say; header names in lower case; totals below 100 are 100', () => {
    const all = {
      'canary-by-header': 'X-Next',
      'canary-by-header-value': 'Yes',
      'canary-by-header-pattern': '^a|b$',
      'canary-by-cookie': 'Next',
      'canary-weight': '20',
      'canary-weight-total': '50',
    };
    expect(attached(canary('c', all))).toEqual({
      canaries: [
        {
          object: 'Ingress/default/c',
          backend: 'default/next/80',
          header: 'x-next',
          headerValue: 'Yes',
          headerPattern: '^a|b$',
          cookie: 'Next',
          weight: 20,
          weightTotal: 100,
          bucketBy: null,
          ramp: null,
        },
      ],
      codes: [],
    });
  });

  test('buckets and ramps', () => {
    const all = {
      'canary-weight': '20',
      'canary-bucket-by': 'x-$\x7bcookie_User}',
      'canary-ramp-start': '2026-03-01T10:00:00+01:00',
      'canary-ramp-duration': '2h',
    };
    const start = Date.UTC(2026, 2, 1, 9) / 1000;
    expect(attached(canary('c', all))).toMatchObject({
      canaries: [{ weight: 20, bucketBy: ['x-', '$cookie_user'], ramp: { start, duration: 7_200 } }],
      codes: [],
    });
  });

  const ramped = { 'canary-ramp-start': '2026-03-01T10:00:00Z', 'canary-ramp-duration': '1h' };
  test.each<[Record<string, string>, readonly string[]]>([
    [ramped, ['canary-ramp-duration', 'canary-ramp-start']],
    [{ 'canary-bucket-by': '$remote_addr', 'canary-by-cookie': 'c' }, ['canary-bucket-by']],
    [{ 'canary-weight': '5', 'canary-ramp-duration': '1h' }, ['canary-ramp-duration']],
    [{ 'canary-weight': '5', 'canary-ramp-start': '2026-03-01T10:00:00Z' }, ['canary-ramp-start']],
  ])('%j says something to no effect', (annotations, names) => {
    const found = attached(canary('c', annotations));
    expect(found.canaries).toHaveLength(1);
    expect(found.codes).toEqual(
      names.map(
        (name) =>
          `warning annotation-idle Ingress/default/c metadata.annotations['nginx.ingress.kubernetes.io/${name}']`,
      ),
    );
  });

  test('one is balanced as its own Ingress says; sessions are those of the other', () => {
    const own = canary('c', { 'upstream-hash-by': '$remote_addr', affinity: 'cookie' });
    const model = translate([ingress('main'), ...next, own]);
    const [route] = routes(model);
    const id = route?.canaries[0]?.backend ?? '';
    expect(id).toMatch(/^default\/next\/80\/[0-9a-f]{16}$/);
    expect(model.backends.get(id)?.balancing).toMatchObject({ algorithm: 'chash', hashBy: ['$remote_addr'] });
    expect(model.backends.get('default/web/80')?.balancing.algorithm).toBe('round_robin');
    expect(route?.affinity).toBeNull();
    expect(codes(model)).toEqual([
      "warning canary-affinity Ingress/default/c metadata.annotations['nginx.ingress.kubernetes.io/affinity']",
    ]);
    const sticky = ingress('main', { metadata: { annotations: ours({ affinity: 'cookie' }) } });
    expect(codes(translate([sticky, ...next, own]))).toEqual([]);
  });

  test('retries and failover are those of the other Ingress, too', () => {
    const own = { 'canary-weight': '5', 'proxy-next-upstream': 'off', 'failover-service': 'web:80' };
    expect(attached(canary('c', own)).codes).toEqual(
      ['failover-service', 'proxy-next-upstream'].map(
        (name) =>
          `warning annotation-idle Ingress/default/c metadata.annotations['nginx.ingress.kubernetes.io/${name}']`,
      ),
    );
  });

  test('without its Service one takes no traffic, and nobody is said to get 503', () => {
    const { diagnostics } = translate([ingress('main'), canary('c', { 'canary-weight': '5' })]);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'there is no Service "default/next"; the canary takes no traffic',
    ]);
  });

  test('several of one route, the oldest first', () => {
    const { canaries } = attached(
      canary('a', {}, {}, '2026-01-02T00:00:00Z'),
      canary('b', {}, {}, '2026-01-01T00:00:00Z'),
    );
    expect(canaries?.map((item) => item.object)).toEqual(['Ingress/default/b', 'Ingress/default/a']);
  });

  test('without a counterpart of the same host, path and type: a warning, and no server', () => {
    const exact = [{ host: 'shop.example', paths: [path('/', 'next', 'Exact')] }];
    const other = [{ host: 'other.example', paths: [path('/', 'next')] }];
    const model = translate([
      ingress('main'),
      ...next,
      canary('c', {}, { rules: exact }),
      canary('d', {}, { rules: other }),
    ]);
    expect([...model.servers.keys()]).toEqual(['shop.example']);
    expect(routes(model)[0]?.canaries).toEqual([]);
    expect(codes(model)).toEqual([
      'warning canary-unmatched Ingress/default/c spec.rules[0].http.paths[0].path',
      'warning canary-unmatched Ingress/default/d spec.rules[0].http.paths[0].path',
    ]);
  });

  test('never bring TLS', () => {
    const tls = [{ hosts: ['shop.example'], secretName: undefined }];
    const model = translate([ingress('main'), ...next, canary('c', {}, { tls })]);
    expect(routes(model)[0]?.sslRedirect).toBe(false);
  });

  test('of default backends', () => {
    const main = ingress('main', { rules: [], defaultBackend: to('web') });
    const model = translate([main, ...next, canary('c', {}, { rules: [], defaultBackend: to('next') })]);
    expect(routes(model, '*')[0]?.canaries).toMatchObject([{ backend: 'default/next/80' }]);
  });

  test('canary-* without canary is told; the Ingress is an ordinary one', () => {
    const plain = ingress('plain', {
      metadata: { annotations: ours({ 'canary-weight': '5', canary: 'false' }) },
    });
    const model = translate([plain]);
    expect(routes(model)[0]?.canaries).toEqual([]);
    expect(codes(model)).toEqual([
      "error canary-off Ingress/default/plain metadata.annotations['nginx.ingress.kubernetes.io/canary-weight']",
    ]);
  });

  test('a weight above its total, and values of a header that is not named, are told', () => {
    const result = attached(
      canary('c', {
        'canary-weight': '150',
        'canary-by-header-value': 'eu',
        'canary-by-header-pattern': '^eu',
      }),
    );
    const where = 'Ingress/default/c metadata.annotations';
    expect(result.canaries).toMatchObject([{ weight: 150, weightTotal: 100 }]);
    expect(result.codes).toEqual([
      `warning annotation-idle ${where}['nginx.ingress.kubernetes.io/canary-by-header-pattern']`,
      `warning annotation-idle ${where}['nginx.ingress.kubernetes.io/canary-by-header-value']`,
      `warning canary-weight-large ${where}['nginx.ingress.kubernetes.io/canary-weight']`,
    ]);
    expect(attached(canary('c', { 'canary-weight': '150', 'canary-weight-total': '200' })).codes).toEqual([]);
  });

  test('one with a gate is not attached', () => {
    const result = attached(canary('c', { 'whitelist-source-range': '10.0.0.0/8' }));
    expect(result.canaries).toEqual([]);
    expect(result.codes).toEqual([expect.stringContaining('error gate-unsupported Ingress/default/c')]);
  });

  test.each([
    ['canary-weight', '-1'],
    ['canary-weight', '10%'],
    ['canary-by-header', 'a b'],
    ['canary-by-header', 'x\r\ny'],
    ['canary-by-cookie', 'a;b'],
    ['canary-by-header-pattern', 'x'.repeat(1001)],
    ['canary-by-header-value', 'a\u0000'],
  ])('%s %j is told and left out', (name, value) => {
    const result = attached(canary('c', { [name]: value }));
    expect(result.canaries).toEqual([
      {
        object: 'Ingress/default/c',
        backend: 'default/next/80',
        header: null,
        headerValue: null,
        headerPattern: null,
        cookie: null,
        weight: 0,
        weightTotal: 100,
        bucketBy: null,
        ramp: null,
      },
    ]);
    expect(result.codes).toEqual([expect.stringContaining('error annotation-invalid Ingress/default/c')]);
  });
});
