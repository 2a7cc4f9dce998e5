import { describe, expect, test } from '@jest/globals';
import { codes, ingress, path, routes, service, table, to, translate } from './support/objects.ts';

const at = (timestamp: string, namespace = 'default') => ({
  metadata: { creationTimestamp: timestamp, namespace },
});
const OLD = at('2026-01-01T00:00:00Z');
const NEW = at('2026-01-02T00:00:00Z');
const rule = (...paths: readonly ReturnType<typeof path>[]) => [{ host: 'shop.example', paths }];

describe('location table', () => {
  test('Prefix is exact and prefix, Exact is exact, the root is one', () => {
    const rules = rule(path('/'), path('/foo'), path('/bar/'), path('/baz', 'web', 'Exact'));
    expect(table(translate([ingress('a', { rules })]))).toEqual({
      'prefix /': 'Ingress/default/a',
      'prefix /bar/': 'Ingress/default/a',
      'exact /baz': 'Ingress/default/a',
      'exact /foo': 'Ingress/default/a',
      'prefix /foo/': 'Ingress/default/a',
    });
  });

  test('an Exact rule takes the exact entry from a Prefix rule, an explicit prefix the derived one, in any order', () => {
    const prefix = ingress('p', { ...OLD, rules: rule(path('/foo')) });
    const exact = ingress('e', { ...NEW, rules: rule(path('/foo', 'web', 'Exact')) });
    const slash = ingress('s', { ...NEW, rules: rule(path('/foo/')) });
    expect(table(translate([prefix, exact, slash]))).toEqual({
      'exact /foo': 'Ingress/default/e',
      'prefix /foo/': 'Ingress/default/s',
    });
    expect(codes(translate([prefix, exact, slash]))).toEqual([]);
  });

  test('ImplementationSpecific is Prefix, an empty path is /', () => {
    const rules = rule(
      path('', 'web', 'ImplementationSpecific'),
      path('/x', 'web', 'ImplementationSpecific'),
    );
    expect(Object.keys(table(translate([ingress('a', { rules })])))).toEqual([
      'prefix /',
      'exact /x',
      'prefix /x/',
    ]);
  });

  test('bad paths are told and left out, the others served', () => {
    const rules = rule(
      path('/'),
      path('nope'),
      path('/a\nb'),
      path(`/${'x'.repeat(1024)}`),
      path('/{"\u00e9'),
    );
    const model = translate([ingress('a', { rules })]);
    expect(Object.keys(table(model))).toEqual(['prefix /', 'exact /{"\u00e9', 'prefix /{"\u00e9/']);
    expect(codes(model)).toEqual(
      [1, 2, 3].map((n) => `error path-invalid Ingress/default/a spec.rules[0].http.paths[${n}].path`),
    );
  });

  test('resource backends are skipped', () => {
    const rules = rule(path('/'), {
      path: '/r',
      pathType: 'Exact' as const,
      backend: { kind: 'resource' as const },
    });
    const model = translate([ingress('a', { rules })]);
    expect(Object.keys(table(model))).toEqual(['prefix /']);
    expect(codes(model)).toEqual([
      'error backend-resource Ingress/default/a spec.rules[0].http.paths[1].backend.resource',
    ]);
  });
});

describe('hosts', () => {
  test('the empty host is every other one; wildcards take the first label; case does not matter', () => {
    const rules = ['', '*.shop.example', 'Shop.Example'].map((host) => ({ host, paths: [path('/')] }));
    expect([...translate([ingress('a', { rules })]).servers.keys()]).toEqual([
      '*',
      '*.shop.example',
      'shop.example',
    ]);
  });

  test.each([
    'a b',
    'shop.example.',
    '*',
    'a.*.example',
    '*shop.example',
    'shop..example',
    '10.0.0.1',
    'a:80',
    '-a',
    'x\n',
    '"',
    '{',
    `${'a'.repeat(64)}.b`,
    'a_b',
    '\u212a.example',
    '__proto__',
  ])('%j is no host', (host) => {
    const rules = [{ host, paths: [path('/')] }];
    const model = translate([ingress('bad', { rules }), ingress('good')]);
    expect([...model.servers.keys()]).toEqual(['shop.example']);
    expect(codes(model)).toEqual(['error host-invalid Ingress/default/bad spec.rules[0].host']);
  });

  test('one host from several Ingresses; the oldest wins a path, the loser is told by whom', () => {
    const older = ingress('older', { ...OLD, rules: rule(path('/'), path('/a')) });
    const newer = ingress('newer', { ...NEW, rules: rule(path('/'), path('/b')) });
    const model = translate([newer, older]);
    expect(table(model)['prefix /']).toBe('Ingress/default/older');
    expect(table(model)['prefix /b/']).toBe('Ingress/default/newer');
    expect(model.servers.get('shop.example')?.objects).toEqual([
      'Ingress/default/older',
      'Ingress/default/newer',
    ]);
    expect(codes(model)).toEqual([
      'warning path-taken Ingress/default/newer spec.rules[0].http.paths[0].path',
    ]);
    expect(model.diagnostics[0]?.message).toContain('Ingress/default/older');
  });

  test('equally old: the greater name first; without a timestamp: before all', () => {
    expect(table(translate([ingress('a', OLD), ingress('b', OLD)]))['prefix /']).toBe('Ingress/default/b');
    expect(table(translate([ingress('a', at('')), ingress('b', OLD)]))['prefix /']).toBe('Ingress/default/a');
  });

  test('same path of another type is no conflict', () => {
    const model = translate([
      ingress('a', { ...OLD, rules: rule(path('/x')) }),
      ingress('b', { ...NEW, rules: rule(path('/x', 'web', 'Exact')) }),
    ]);
    expect(codes(model)).toEqual([]);
  });

  test('a host without paths is known, and answers nothing', () => {
    const model = translate([ingress('a', { rules: [{ host: 'shop.example', paths: [] }] })]);
    expect(model.servers.get('shop.example')?.locations).toEqual([]);
  });
});

describe('default backends', () => {
  test('with rules: the root of its hosts, unless any Ingress has one', () => {
    const rules = [
      { host: 'one.example', paths: [path('/a')] },
      { host: 'two.example', paths: [path('/a')] },
    ];
    const model = translate([
      ingress('d', { ...OLD, rules, defaultBackend: to('web') }),
      ingress('r', { ...NEW, rules: [{ host: 'two.example', paths: [path('/')] }] }),
    ]);
    expect(table(model, 'one.example')['prefix /']).toBe('Ingress/default/d');
    expect(table(model, 'two.example')['prefix /']).toBe('Ingress/default/r');
    expect(codes(model)).toEqual([]);
  });

  test('without rules: the root of every other host; the oldest wins', () => {
    const catchAll = (name: string, age: typeof OLD) =>
      ingress(name, { ...age, rules: [], defaultBackend: to('web') });
    const model = translate([catchAll('new', NEW), catchAll('old', OLD)]);
    expect(table(model, '*')).toEqual({ 'prefix /': 'Ingress/default/old' });
    expect(codes(model)).toEqual(['warning path-taken Ingress/default/new spec.defaultBackend']);
  });

  test('--disable-catch-all ignores the Ingress', () => {
    const model = translate([ingress('a', { defaultBackend: to('web') })], { disableCatchAll: true });
    expect(model.servers.size).toBe(0);
    expect(codes(model)).toEqual(['warning catch-all-disabled Ingress/default/a spec.defaultBackend']);
  });

  test('--default-backend-service serves what nothing matches, from its first port', () => {
    const named = service('fallback', {
      ports: [{ name: '', protocol: 'TCP', port: 81, targetPort: undefined }],
    });
    const model = translate([named], { defaultBackendService: 'default/fallback' });
    expect(model.defaultRoute).toMatchObject({
      id: 'default-backend',
      backend: 'default/fallback/81',
      denied: null,
    });
    expect(model.backends.has('default/fallback/81')).toBe(true);
    const missing = translate([], { defaultBackendService: 'default/none' });
    expect(missing.defaultRoute).toBeNull();
    expect(codes(missing)).toEqual(['error service-missing Flag/--default-backend-service']);
  });
});

describe('route ids', () => {
  test('say what the route is; long ones are digests', () => {
    const rules = rule(path('/a', 'web', 'Exact'), path(`/${'\u00e9'.repeat(90)}`));
    const ids = [...new Set(routes(translate([ingress('a', { rules })])).map((route) => route.id))];
    expect(ids).toEqual(['default/a/shop.example/E/a', expect.stringMatching(/^[0-9a-f]{32}$/)]);
  });

  test('an Ingress whose own name is impossible is refused', () => {
    const model = translate([ingress('a/b'), ingress('good\n', { metadata: { namespace: 'x y' } })]);
    expect(model.servers.size).toBe(0);
    expect(codes(model)).toEqual([
      'error name-invalid Ingress/"x y/good\\n" metadata.namespace',
      'error name-invalid Ingress/default/a/b metadata.name',
    ]);
  });
});
