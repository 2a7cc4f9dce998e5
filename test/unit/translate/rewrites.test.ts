// Hosts whose paths are regular expressions: who makes them so, in which order they are asked, and who is told.
import { expect, test } from '@jest/globals';
import type { IngressPath } from '../../../src/model/kubernetes.ts';
import { codes, ingress, ours, path, routes, translate } from './support/objects.ts';

const one = (
  name: string,
  paths: readonly IngressPath[],
  annotations: Readonly<Record<string, string>> = {},
  day = 1,
) =>
  ingress(name, {
    metadata: { annotations: ours(annotations), creationTimestamp: `2026-01-0${day}T00:00:00Z` },
    rules: [{ host: 'shop.example', paths }],
  });

const order = (...objects: Parameters<typeof translate>[0][number][]) =>
  (translate(objects).servers.get('shop.example')?.locations ?? []).map((item) => [
    item.match,
    item.path,
    item.route.object.slice('Ingress/default/'.length),
  ]);

test('one Ingress decides for the host: the longest first, the greater of equally long ones', () => {
  const asking = one('asking', [path('/b[0-9]'), path('/')], { 'use-regex': 'true' });
  const other = one('other', [path('/b'), path('/longer'), path('/a.b', 'web', 'Exact')], {}, 2);
  expect(order(asking, other)).toEqual([
    ['regex', '/longer', 'other'],
    ['regex', '/b[0-9]', 'asking'],
    ['regex', '/a.b', 'other'],
    ['regex', '/b', 'other'],
    ['regex', '/', 'asking'],
  ]);
  expect(codes(translate([asking, other]))).toEqual(
    [0, 1, 2].map(
      (n) => `warning path-becomes-regex Ingress/default/other spec.rules[0].http.paths[${n}].path`,
    ),
  );
});

test('a rewrite decides too, unless it is to the path itself', () => {
  const same = one('same', [path('/a')], { 'rewrite-target': '/a' });
  expect(order(same).map(([match]) => match)).toEqual(['exact', 'prefix']);
  const other = one('other', [path('/a'), path('/b')], { 'rewrite-target': '/a' });
  expect(order(other)).toEqual([
    ['regex', '/b', 'other'],
    ['regex', '/a', 'other'],
  ]);
  expect(routes(translate([other])).map(({ rewrite }) => rewrite?.target)).toEqual([['/a'], undefined]);
});

test('a canary, a lost rule, a default backend and another host decide nothing', () => {
  const plain = one('plain', [path('/a')]);
  const canary = one('canary', [path('/a')], { canary: 'true', 'use-regex': 'true' }, 2);
  const lost = one('lost', [path('/a')], { 'use-regex': 'true' }, 3);
  const fallback = ingress('fallback', {
    metadata: { annotations: ours({ 'rewrite-target': '/x' }) },
    defaultBackend: path('/').backend,
    rules: [{ host: 'shop.example', paths: [] }],
  });
  for (const objects of [
    [plain, canary],
    [plain, lost],
    [plain, fallback],
  ] as const)
    expect(order(...objects).map(([match]) => match)).not.toContain('regex');
});

test('a canary of a rewritten path is attached and rewritten as its route is', () => {
  const main = one('main', [path('/a(.*)')], { 'rewrite-target': '/$1' });
  const canary = one('canary', [path('/a(.*)')], { canary: 'true', 'canary-weight': '10' }, 2);
  expect(routes(translate([main, canary]))[0]).toMatchObject({
    canaries: [{ object: 'Ingress/default/canary' }],
    rewrite: { pattern: '/a(.*)', target: ['/', 1] },
  });
});

test('a Prefix with an Exact beside it is what goes on after the slash', () => {
  const asking = one('asking', [path('/x/(.*)')], { 'use-regex': 'true' });
  const prefix = one('prefix', [path('/a')], {}, 2);
  const exact = one('exact', [path('/a', 'web', 'Exact')], {}, 3);
  expect(order(asking, prefix, exact)).toEqual([
    ['regex', '/x/(.*)', 'asking'],
    ['regex', '/a/', 'prefix'],
    ['regex', '/a', 'exact'],
  ]);
});

test('references to groups, by number and by name, and to groups that are not there', () => {
  const rewrite = (target: string, prefix = '') =>
    translate([
      one('it', [path('/(?<first>a)(b)')], { 'rewrite-target': target, 'x-forwarded-prefix': prefix }),
    ]);
  expect(routes(rewrite('/$2/$first', '/$1'))[0]?.rewrite).toEqual({
    pattern: '/(?<first>a)(b)',
    target: ['/', 2, '/', 1],
    forwardedPrefix: ['/', 1],
  });
  const missing = rewrite('/$3');
  expect(routes(missing)[0]).toMatchObject({ denied: null, rewrite: { target: ['/'] } });
  expect(codes(missing)).toEqual([
    'warning rewrite-group-missing Ingress/default/it spec.rules[0].http.paths[0].path',
  ]);
  const unknown = rewrite('/$host/$1');
  expect(routes(unknown)[0]?.denied).toContain('refers to a group');
  expect(routes(unknown)[0]?.rewrite).toBeUndefined();
  expect(codes(unknown)[0]).toContain('error rewrite-name-unknown');
});

test('a pattern that is none is told and left out; a text that somebody else made a pattern is kept as text', () => {
  const asking = one('asking', [path('/ok'), path('/bad(')], { 'use-regex': 'true' });
  const other = one('other', [path('/text(')], {}, 2);
  expect(order(asking, other)).toEqual([
    ['regex', '/text\\(', 'other'],
    ['regex', '/ok', 'asking'],
  ]);
  expect(codes(translate([asking, other]))).toEqual([
    'error path-invalid Ingress/default/asking spec.rules[0].http.paths[1].path',
    'warning path-becomes-regex Ingress/default/other spec.rules[0].http.paths[0].path',
  ]);
});

test('what is said of Exact under use-regex, and of patterns without it', () => {
  const exact = one('exact', [path('/a', 'web', 'Exact')], { 'use-regex': 'true' });
  expect(codes(translate([exact]))).toEqual([
    'info exact-is-regex Ingress/default/exact spec.rules[0].http.paths[0].path',
  ]);
  const text = one('text', [path('/a(/|$)(.*)'), path('/b.c'), path('/d$')]);
  expect(codes(translate([text]))).toEqual(
    [0, 2].map((n) => `warning path-looks-regex Ingress/default/text spec.rules[0].http.paths[${n}].path`),
  );
});

test('more patterns than one request may try: the oldest are served, the others told', () => {
  const many = Array.from({ length: 200 }, (_, i) => path(`/[a-z]${i}`));
  const more = Array.from({ length: 100 }, (_, i) => path(`/[0-9]${i}`));
  const apart = Array.from({ length: 300 }, (_, i) => path(`/service-${i}/(.*)`));
  const world = (...paths: readonly (readonly IngressPath[])[]) =>
    translate(paths.map((list, i) => one(`n${i}`, list, { 'use-regex': 'true' }, i + 1)));
  expect(codes(world(many, apart.slice(0, 56)))).toEqual([]);
  expect(codes(world(apart))).toEqual([]);
  const excess = world(many, more);
  expect(routes(excess)).toHaveLength(256);
  expect(codes(excess)).toHaveLength(44);
  expect(codes(excess).every((line) => line.startsWith('error path-excess Ingress/default/n1'))).toBe(true);
});

test('app-root is that of the oldest Ingress which has one; a bad one and a redirect to itself are none', () => {
  const none = one('none', [path('/')]);
  const first = one('first', [path('/a')], { 'app-root': '/first' }, 2);
  const second = one('second', [path('/b')], { 'app-root': '/second' }, 3);
  const model = translate([none, first, second]);
  expect(model.servers.get('shop.example')?.appRoot).toBe('/first');
  expect(codes(model)).toEqual(['warning app-root-taken Ingress/default/second metadata.annotations']);
  for (const value of ['/', 'relative', '/$host'])
    expect(
      translate([one('x', [path('/a')], { 'app-root': value })]).servers.get('shop.example')?.appRoot,
    ).toBeUndefined();
});

test('x-forwarded-prefix without a rewrite is told', () => {
  expect(codes(translate([one('it', [path('/a')], { 'x-forwarded-prefix': '/p' })]))).toEqual([
    "warning forwarded-prefix-idle Ingress/default/it metadata.annotations['nginx.ingress.kubernetes.io/x-forwarded-prefix']",
  ]);
});
