// From what is in force to what must be done: kinds, order, reasons, retained keys.
import { expect, test } from '@jest/globals';
import type { Balancing } from '../../../src/model/balancing.ts';
import type { Model, Server, Staple } from '../../../src/model/model.ts';
import type { Applied, Plan } from '../../../src/model/plan.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { afterPush, compileFailed, compileProven, compileStarted, plan } from '../../../src/plan/plan.ts';
import { undo } from '../../../src/plan/undo.ts';
import { createRenderer } from '../../../src/render/render.ts';
import {
  builtinTemplates,
  makeBackend,
  makeModel,
  makeRoute,
  makeServer,
  PLAIN_LEAF,
  PROFILE,
  RUNTIME,
} from '../render/sample-model.ts';

const templates = builtinTemplates();
const NOTHING: Applied = { documents: new Map(), files: null, compiling: null };

function render(model: Model, compile: readonly string[] = [...model.servers.keys()]): Rendered {
  return createRenderer(templates)(model, { runtime: RUNTIME, compile: new Set(compile) });
}

function inForce(rendered: Rendered, applied = NOTHING): Applied {
  const first = plan(applied, rendered);
  if (first.kind !== 'push+compile') throw new Error(`unexpected plan: ${first.kind}`);
  return compileProven(compileStarted(afterPush(applied, first.change), rendered.files));
}

function compileOf(decision: Plan): { when: string; reasons: readonly string[] } {
  if (decision.kind !== 'push+compile') throw new Error(`unexpected plan: ${decision.kind}`);
  return decision.compile;
}

const routeName = (key = ''): string => `route ${key.slice(0, key.lastIndexOf('@'))}`;

const shop = makeServer('shop.example', ['/', '/a']);
const base = makeModel([shop, makeServer('b.example')]);

test('at first everything is put, referred to before referring, and compiled at once', () => {
  const first = plan(NOTHING, render(base));
  expect(first.kind).toBe('push+compile');
  if (first.kind !== 'push+compile') return;
  expect(first.change.put.map(({ kind }) => kind)).toEqual([
    'settings',
    'backend',
    'route',
    'route',
    'route',
    'host',
    'host',
  ]);
  expect(first.compile.when).toBe('now');
  expect(first.reasons.at(-1)).toBe('files: there are none in force yet');
});

test('the same again is nothing', () => {
  expect(plan(inForce(render(base)), render(base))).toEqual({ kind: 'nothing', reasons: [] });
});

test('nothing to compile while the same files are being compiled', () => {
  const rendered = render(base);
  const first = plan(NOTHING, rendered);
  if (first.kind === 'nothing') throw new Error('nothing');
  const applied = compileStarted(afterPush(NOTHING, first.change), rendered.files);
  expect(plan(applied, rendered).kind).toBe('nothing');
  expect(plan(compileFailed(applied), rendered).kind).toBe('push+compile');
});

const canary = {
  object: '',
  backend: 'x',
  header: null,
  headerValue: null,
  headerPattern: null,
  cookie: null,
  weight: 10,
  weightTotal: 100,
  bucketBy: null,
  ramp: null,
};
const A: Staple = { response: 'QQ==', ends: 1 };
const B: Staple = { response: 'Qg==', ends: 2 };
const withCertificate = (key: string, staple: Staple | null = null): Model => ({
  ...base,
  certificates: new Map([
    ['default/tls', { id: 'default/tls', chain: 'C', key, notAfter: '', ...PLAIN_LEAF, staple }],
  ]),
});
const withBackend = (addresses: readonly string[]): Model => ({
  ...base,
  backends: new Map([['default/shop/80', makeBackend('default/shop/80', addresses)]]),
});
const withOne = (draining: boolean, balancing: Partial<Balancing> = {}): Model => {
  const backend = makeBackend('default/shop/80', ['10.0.0.1', '10.0.0.2']);
  const endpoints = backend.endpoints.map((endpoint, index) => ({
    ...endpoint,
    draining: draining && index === 1,
  }));
  const changed = { ...backend, endpoints, balancing: { ...backend.balancing, ...balancing } };
  return { ...base, backends: new Map([[changed.id, changed]]) };
};
const withRoute = (fields: object): Model => makeModel([makeServer('shop.example', ['/'], fields)]);

test.each([
  [
    'endpoints',
    withBackend(['10.0.0.1']),
    withBackend(['10.0.0.1', '10.0.0.2']),
    'backend default/shop/80: endpoints 1 → 2',
  ],
  [
    'other endpoints',
    withBackend(['10.0.0.1']),
    withBackend(['10.0.0.2']),
    'backend default/shop/80: endpoints changed (1)',
  ],
  ['one that leaves', withOne(false), withOne(true), 'backend default/shop/80: draining 0 → 1'],
  [
    'an algorithm',
    withOne(false),
    withOne(false, { algorithm: 'ewma' }),
    'backend default/shop/80: algorithm round_robin → ewma',
  ],
  [
    'how it is balanced',
    withOne(false),
    withOne(false, { slowStart: 5, panicThreshold: 30 }),
    'backend default/shop/80: panicThreshold, slowStart changed',
  ],
  ['a certificate', withCertificate('K'), withCertificate('L'), 'certificate default/tls: changed'],
  ['a certificate that goes', withCertificate('K'), base, 'certificate default/tls: removed'],
  ['a staple', withCertificate('K'), withCertificate('K', A), 'certificate default/tls: OCSP response added'],
  [
    'a new one',
    withCertificate('K', A),
    withCertificate('K', B),
    'certificate default/tls: OCSP response renewed',
  ],
  ['none', withCertificate('K', A), withCertificate('K'), 'certificate default/tls: OCSP response removed'],
  [
    'a weight',
    withRoute({ canaries: [canary] }),
    withRoute({ canaries: [{ ...canary, weight: 20 }] }),
    'route default/shop/shop.example/P/: canary weight 10 → 20',
  ],
  [
    'a canary',
    withRoute({}),
    withRoute({ canaries: [canary] }),
    'route default/shop/shop.example/P/: canaries 0 → 1',
  ],
  [
    'timeouts',
    withRoute({}),
    withRoute({ timeouts: { connect: 1, send: 1, read: 1 } }),
    'route default/shop/shop.example/P/: timeouts changed',
  ],
  [
    'who stands in',
    withRoute({}),
    withRoute({ failover: 'default/spare/80' }),
    'route default/shop/shop.example/P/: failover changed',
  ],
  ['a gate', withRoute({}), withRoute({ denied: 'auth' }), 'route default/shop/shop.example/P/: denied'],
])('%s: a push, with its reason', (_, before, after, reason) => {
  const decision = plan(inForce(render(before)), render(after));
  expect(decision.kind).toBe('push');
  expect(decision.reasons).toEqual([reason]);
});

test('a new host that is interpreted is a push', () => {
  const after = makeModel([...base.servers.values(), makeServer('new.example')]);
  const decision = plan(inForce(render(base)), render(after, ['shop.example', 'b.example']));
  expect(decision.kind).toBe('push');
  expect(decision.reasons).toEqual(['route default/shop/new.example/P/: added', 'host new.example: added']);
});

test('to compile an interpreted host is calm, to drop the server of a host that is gone too', () => {
  const added = plan(inForce(render(base, ['b.example'])), render(base));
  expect(compileOf(added)).toMatchObject({ when: 'calm', reasons: ['host shop.example: added'] });
  const gone = plan(inForce(render(base)), render(makeModel([shop])));
  expect(compileOf(gone)).toMatchObject({ when: 'calm', reasons: ['host b.example: removed'] });
});

test.each([
  ['the server for every other host', makeModel([shop, makeServer('*')])],
  ['a wildcard', makeModel([shop, makeServer('*.example')])],
  ['the default route', makeModel([makeServer('shop.example', ['/'])], { defaultRoute: makeRoute('d') })],
])('a host that is gone is compiled away at once when %s takes it over', (_, after) => {
  const before = {
    ...after,
    servers: new Map([...after.servers, ['b.example', makeServer('b.example')] as const]),
  };
  expect(compileOf(plan(inForce(render(before)), render(after)))).toMatchObject({
    when: 'now',
    reasons: ['host b.example: removed'],
  });
});

const change = (server: Server): Model => makeModel([server, makeServer('b.example')]);

test.each([
  ['a redirect', change(makeServer('shop.example', ['/', '/a'], { sslRedirect: true }))],
  ['a path that cannot be compiled', change(makeServer('shop.example', ['/', '/a', '/%41']))],
])('%s of a compiled host is compiled at once', (_, after) => {
  expect(compileOf(plan(inForce(render(base)), render(after)))).toMatchObject({ when: 'now' });
});

test('another backend of a compiled location is in force by its document', () => {
  const after = change(makeServer('shop.example', ['/', '/a'], { backend: 'default/other/80' }));
  const decision = plan(inForce(render(base)), render(after));
  expect(compileOf(decision)).toMatchObject({ when: 'calm', reasons: ['host shop.example: changed'] });
  expect(decision.reasons[0]).toBe(
    'route default/shop/shop.example/P/: backend default/shop/80 → default/other/80',
  );
});

test('a host that becomes interpreted without a change is calm', () => {
  expect(compileOf(plan(inForce(render(base)), render(base, ['b.example'])))).toMatchObject({ when: 'calm' });
});

test('a changed cut: the old key stays with the new values until the compile is proven', () => {
  const applied = inForce(render(base, ['shop.example', 'b.example']));
  const [oldKey] = [...(applied.files?.compiled.get('b.example')?.values() ?? [])];
  const profile = { ...PROFILE, buffering: true };
  const rendered = render(
    makeModel([shop, makeServer('b.example', ['/'], { profile, backend: 'default/new/80' })]),
  );
  const decision = plan(applied, rendered);
  expect(compileOf(decision).when).toBe('now');
  if (decision.kind === 'nothing') return;
  expect(decision.change.remove).toEqual([]);
  const put = decision.change.put.filter(({ kind }) => kind === 'route');
  expect(put).toHaveLength(2);
  const [former, current] = put[0]?.id === oldKey ? put : [...put].reverse();
  expect(former?.body).toEqual({ ...current?.body, stale: true });
  expect(current?.body).not.toHaveProperty('stale');
  expect(put.map(({ id }) => id)).toContain(oldKey);
  expect(put[0]?.body).toMatchObject({ backend: 'default/new/80' });

  const pushed = afterPush(applied, decision.change);
  const compiling = compileStarted(pushed, rendered.files);
  expect(plan(compiling, rendered).kind).toBe('nothing');
  const after = plan(compileProven(compiling), rendered);
  expect(after).toMatchObject({ kind: 'push', change: { put: [], remove: [`route:${oldKey ?? ''}`] } });
  if (after.kind !== 'push') return;
  // The route itself is still there: an operator who reads "removed" would look for it.
  expect(after.reasons).toEqual([`${routeName(oldKey)}: its former form is no longer in use`]);
  expect(plan(afterPush(compileProven(compiling), after.change), rendered).kind).toBe('nothing');
});

test('another path in a compiled host: its live keys ask the router until the files follow', () => {
  const applied = inForce(render(base));
  const rendered = render(change(makeServer('shop.example', ['/', '/a', '/admin'])));
  const decision = plan(applied, rendered);
  expect(compileOf(decision).when).toBe('calm');
  if (decision.kind === 'nothing') return;
  const staleKeys = decision.change.put.filter(({ body }) => 'stale' in body).map(({ id }) => id);
  expect(staleKeys.sort()).toEqual([...(applied.files?.compiled.get('shop.example')?.values() ?? [])].sort());
  expect(decision.reasons).toContain(
    'route default/shop/shop.example/P/: matched by the router until the files of its host follow',
  );
  const pushed = afterPush(applied, decision.change);
  expect(plan(compileStarted(pushed, rendered.files), rendered).kind).toBe('nothing');
  const proven = compileProven(compileStarted(pushed, rendered.files));
  const after = plan(proven, rendered);
  expect(after.kind).toBe('push');
  if (after.kind !== 'push') return;
  expect(after.change.put.map(({ id }) => id).sort()).toEqual(staleKeys);
  expect(plan(afterPush(proven, after.change), rendered).kind).toBe('nothing');
});

test('the key of a route that is gone leaves at once', () => {
  const decision = plan(inForce(render(base)), render(change(makeServer('shop.example', ['/']))));
  if (decision.kind === 'nothing') throw new Error('nothing');
  expect(decision.reasons).toContain('route default/shop/shop.example/P/a: removed');
  expect(decision.change.remove).toEqual([
    expect.stringMatching(/^route:default\/shop\/shop\.example\/P\/a@/),
  ]);
});

test('removals go the other way round, and reasons are bounded', () => {
  const decision = plan(
    inForce(render(makeModel(Array.from({ length: 30 }, (_, i) => makeServer(`h${i}.example`))))),
    render(makeModel([], { backends: new Map() })),
  );
  if (decision.kind !== 'push+compile') throw new Error(decision.kind);
  expect(decision.change.remove.map((key) => key.slice(0, key.indexOf(':')))).toEqual([
    ...Array(30).fill('host'),
    ...Array(30).fill('route'),
    'backend',
  ]);
  expect(decision.reasons).toContain('and 41 more');
  expect(decision.compile.reasons.at(-1)).toBe('and 10 more');
});

test('undo restores what was in force', () => {
  const before = inForce(render(base)).documents;
  const decision = plan(
    inForce(render(base)),
    render(makeModel([makeServer('shop.example', ['/'], { denied: 'x' }), makeServer('*')])),
  );
  if (decision.kind === 'nothing') throw new Error('nothing');
  const changed = afterPush({ documents: before, files: null, compiling: null }, decision.change);
  expect(changed.documents).not.toEqual(before);
  expect(afterPush(changed, undo(before, decision.change)).documents).toEqual(before);
});
