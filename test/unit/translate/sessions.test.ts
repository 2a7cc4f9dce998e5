// Sticky sessions and who stands in: what belongs to a route beside its backend.
import { describe, expect, test } from '@jest/globals';
import type { IngressPath, KubernetesObject } from '../../../src/model/kubernetes.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import {
  codes,
  ingress,
  ingressClass,
  ours,
  path,
  routes,
  service,
  slice,
  snapshot,
  translate,
} from './support/objects.ts';

const asking = (annotations: Record<string, string>, ...paths: readonly IngressPath[]) =>
  ingress('a', {
    rules: [{ host: 'shop.example', paths: paths.length > 0 ? paths : [path('/')] }],
    metadata: { annotations: ours(annotations) },
  });
const field = (name: string) => `metadata.annotations['nginx.ingress.kubernetes.io/${name}']`;

describe('sticky sessions', () => {
  test('with the defaults of ingress-nginx', () => {
    const model = translate([asking({ affinity: 'cookie' })]);
    expect(routes(model)[0]).toMatchObject({
      backend: 'default/web/80',
      affinity: {
        name: 'INGRESSCOOKIE',
        mode: 'balanced',
        path: '/',
        domain: null,
        expires: null,
        maxAge: null,
        sameSite: null,
        secure: null,
        conditionalSameSiteNone: false,
        changeOnFailure: false,
        canary: 'sticky',
      },
    });
    expect(codes(model)).toEqual([]);
  });

  test('with everything', () => {
    const model = translate([
      asking({
        affinity: 'cookie',
        'affinity-mode': 'persistent',
        'affinity-canary-behavior': 'legacy',
        'session-cookie-name': 'sid',
        'session-cookie-path': '/shop',
        'session-cookie-domain': 'Shop.Example',
        'session-cookie-expires': '60',
        'session-cookie-max-age': '-1',
        'session-cookie-samesite': 'None',
        'session-cookie-conditional-samesite-none': 'true',
        'session-cookie-secure': 'false',
        'session-cookie-change-on-failure': 'true',
      }),
    ]);
    expect(routes(model)[0]?.affinity).toEqual({
      name: 'sid',
      mode: 'persistent',
      path: '/shop',
      domain: 'shop.example',
      expires: 60,
      maxAge: -1,
      sameSite: 'None',
      secure: false,
      conditionalSameSiteNone: true,
      changeOnFailure: true,
      canary: 'legacy',
    });
    expect(codes(model)).toEqual([expect.stringContaining('warning cookie-refused Ingress/default/a')]);
  });

  test('a cookie is for the path of its rule, as browsers write it', () => {
    const texts = ['/a', '/b/', '/ü b', '/50%', '/x;y', '/q?r', '/n#m'];
    const model = translate([
      asking({ affinity: 'cookie' }, ...texts.map((text) => path(text, 'web', 'Exact'))),
    ]);
    const found = model.servers.get('shop.example')?.locations ?? [];
    expect(Object.fromEntries(found.map((item) => [item.path, item.route.affinity?.path]))).toEqual({
      '/a': '/a',
      '/b/': '/b/',
      '/ü b': '/%C3%BC%20b',
      '/50%': '/50%25',
      '/x;y': '/',
      '/q?r': '/',
      '/n#m': '/',
    });
  });

  test('where paths are regular expressions, for the whole host', () => {
    const paths = [path('/a(.*)', 'web', 'ImplementationSpecific'), path('/b')];
    const model = translate([asking({ affinity: 'cookie', 'use-regex': 'true' }, ...paths)]);
    expect(routes(model).map((route) => route.affinity?.path)).toEqual(['/', '/']);
  });
});

describe('who stands in', () => {
  const spare = [
    service('spare', { ports: [{ name: 'http', protocol: 'TCP', port: 81, targetPort: 8080 }] }),
    slice('spare'),
  ];

  test.each(['spare:81', 'spare:http'])('%s', (name) => {
    const model = translate([asking({ 'failover-service': name }), ...spare]);
    expect(routes(model)[0]).toMatchObject({ backend: 'default/web/80', failover: 'default/spare/81' });
    expect(model.backends.get('default/spare/81')?.endpoints).toHaveLength(1);
    expect(codes(model)).toEqual([]);
  });

  test('is balanced as the Ingress says', () => {
    const model = translate([asking({ 'failover-service': 'spare:81', 'load-balance': 'ewma' }), ...spare]);
    expect(routes(model)[0]?.failover).toMatch(/^default\/spare\/81\/[0-9a-f]{16}$/);
    expect(model.backends.get(routes(model)[0]?.failover ?? '')?.balancing.algorithm).toBe('ewma');
  });

  test.each(['none:80', 'spare:82', 'spare:https'])('%s is not there: nobody, and told', (name) => {
    const model = translate([asking({ 'failover-service': name }), ...spare]);
    expect(routes(model)[0]?.failover).toBeNull();
    expect(codes(model)).toEqual([`error failover-missing Ingress/default/a ${field('failover-service')}`]);
  });

  test('not the backend itself; of a path to another one it is who is meant', () => {
    const both = [path('/'), path('/s', 'spare')].map((entry) =>
      entry.path === '/' ? entry : { ...entry, backend: { ...entry.backend, port: { number: 81 } } },
    ) as IngressPath[];
    const model = translate([asking({ 'failover-service': 'spare:81' }, ...both), ...spare]);
    const found = routes(model).map(({ backend, failover }) => `${backend} ${failover}`);
    expect(new Set(found)).toEqual(new Set(['default/web/80 default/spare/81', 'default/spare/81 null']));
    expect(codes(model)).toEqual([`warning failover-same Ingress/default/a ${field('failover-service')}`]);
  });

  test('comes into force with its Service, and leaves with it', () => {
    const translator = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
    const base = [ingressClass(), service(), slice(), asking({ 'failover-service': 'spare:81' })];
    const of = (...more: readonly KubernetesObject[]) => {
      const model = translator(snapshot([...base, ...more]));
      return { failover: routes(model)[0]?.failover, backends: model.backends.size };
    };
    expect(of()).toEqual({ failover: null, backends: 1 });
    expect(of(...spare)).toEqual({ failover: 'default/spare/81', backends: 2 });
    expect(of()).toEqual({ failover: null, backends: 1 });
  });
});
