// What balancing, sessions, failover and canaries become: values of documents, and a log phase where it is measured.
import { describe, expect, test } from '@jest/globals';
import type { Balancing } from '../../../src/model/balancing.ts';
import type { BackendBody, RouteBody } from '../../../src/model/document.ts';
import type { Backend, Canary, Route } from '../../../src/model/model.ts';
import type { Profile } from '../../../src/model/settings.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { shardOf } from '../../../src/render/shard.ts';
import { compiledTerms } from '../../../src/render/terms.ts';
import { type Directive, readDirectives } from '../../../src/render/verify/read-directives.ts';
import {
  builtinTemplates,
  makeBackend,
  makeModel,
  makeServer,
  PROFILE,
  ROUND_ROBIN,
  RUNTIME,
} from './sample-model.ts';

const templates = builtinTemplates();
const MEASURED: Profile = { ...PROFILE, measured: true };

function backendOf(balancing: Partial<Balancing>, endpoints?: Backend['endpoints']): BackendBody {
  const base = makeBackend('default/shop/80');
  const backend = {
    ...base,
    balancing: { ...ROUND_ROBIN, ...balancing },
    endpoints: endpoints ?? base.endpoints,
  };
  const model = makeModel([], { backends: new Map([[backend.id, backend]]) });
  const { documents } = createRenderer(templates)(model, { runtime: RUNTIME, compile: new Set() });
  return documents.get(`backend:${backend.id}`)?.body as BackendBody;
}

function rendered(fields: Partial<Route>, compile: readonly string[] = []) {
  const model = makeModel([makeServer('a.example', ['/'], fields)]);
  return createRenderer(templates)(model, { runtime: RUNTIME, compile: new Set(compile) });
}

function routeOf(fields: Partial<Route>): RouteBody {
  const { documents } = rendered(fields);
  return [...documents.values()].find(({ kind }) => kind === 'route')?.body as RouteBody;
}

function locationsOf(fields: Partial<Route>, name: string): readonly (readonly string[])[] {
  const text = rendered(fields, ['a.example']).files.texts.get('conf/nginx.conf') ?? '';
  const http = readDirectives(text).find((directive) => directive.name === 'http');
  const isMeant = ({ children }: Directive) =>
    children?.some((child) => child.name === 'server_name' && child.args[0] === name);
  const locations =
    http?.children?.find(isMeant)?.children?.filter((child) => child.name === 'location') ?? [];
  return locations.map(({ children }) =>
    (children ?? []).map((child) => [child.name, ...child.args, child.lua ?? ''].join(' ').trim()),
  );
}

describe('the document of a backend', () => {
  test('leaves out what asks for nothing', () => {
    expect(Object.keys(backendOf({})).sort()).toEqual(['algorithm', 'endpoints']);
    expect(backendOf({}).endpoints).toEqual([{ address: '10.0.0.1', port: 8080 }]);
  });

  test('says which endpoints drain', () => {
    const endpoints = [
      { address: '10.0.0.1', port: 80, weight: 1, draining: false },
      { address: '10.0.0.2', port: 80, weight: 2, draining: true },
    ];
    expect(backendOf({}, endpoints).endpoints).toEqual([
      { address: '10.0.0.1', port: 80 },
      { address: '10.0.0.2', port: 80, weight: 2, draining: true },
    ]);
  });

  test('has all that balancing says', () => {
    const passive = { maxFails: 3, failTimeout: 10, statuses: [], maxEjected: 50 };
    expect(
      backendOf({
        algorithm: 'chashsubset',
        hashBy: ['a', '$host'],
        subsetSize: 2,
        slowStart: 30,
        panicThreshold: 40,
        passive,
      }),
    ).toMatchObject({
      algorithm: 'chashsubset',
      hashBy: ['a', '$host'],
      subsetSize: 2,
      slowStart: 30,
      panicThreshold: 40,
      passive: { maxFails: 3, failTimeout: 10, maxEjected: 50 },
    });
    expect(backendOf({ passive }).passive).not.toHaveProperty('statuses');
    expect(backendOf({ passive: { ...passive, statuses: [[500, 599]] } }).passive?.statuses).toEqual([
      [500, 599],
    ]);
  });

  test('has of a check what its type knows', () => {
    const times = { interval: 5, timeout: 2, rise: 2, fall: 3 };
    const check = {
      ...times,
      port: null,
      path: '/',
      host: null,
      statuses: [[200, 399]],
      service: '',
    } as const;
    expect(backendOf({ check: { ...check, type: 'http', host: 'up.example' } }).check).toEqual({
      ...times,
      type: 'http',
      path: '/',
      host: 'up.example',
      statuses: [[200, 399]],
    });
    expect(backendOf({ check: { ...check, type: 'tcp', port: 81 } }).check).toEqual({
      ...times,
      type: 'tcp',
      port: 81,
    });
    expect(backendOf({ check: { ...check, type: 'grpc', service: 'x' } }).check).toEqual({
      ...times,
      type: 'grpc',
      service: 'x',
    });
  });
});

describe('the document of a route', () => {
  const affinity = {
    name: 'sid',
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
  } as const;

  test('of sessions, only what is asked for', () => {
    expect(routeOf({}).affinity).toBeUndefined();
    expect(routeOf({ affinity }).affinity).toEqual({ name: 'sid', mode: 'balanced', path: '/' });
    const all = {
      ...affinity,
      domain: 'a.example',
      expires: 0,
      maxAge: -1,
      sameSite: 'None',
      secure: false,
      conditionalSameSiteNone: true,
      changeOnFailure: true,
      canary: 'legacy',
    } as const;
    expect(routeOf({ affinity: all }).affinity).toEqual(all);
  });

  test('who stands in', () => {
    expect(routeOf({})).not.toHaveProperty('failover');
    expect(routeOf({ failover: 'default/spare/80' }).failover).toBe('default/spare/80');
  });

  test('buckets are salted by who shares the traffic', () => {
    const canary: Canary = {
      object: 'Ingress/default/next',
      backend: 'default/next/80',
      header: null,
      headerValue: null,
      headerPattern: null,
      cookie: null,
      weight: 5,
      weightTotal: 100,
      bucketBy: ['$cookie_user'],
      ramp: { start: 1, duration: 2 },
    };
    expect(routeOf({ canaries: [canary] }).canaries).toEqual([
      {
        backend: 'default/next/80',
        weight: 5,
        weightTotal: 100,
        bucketBy: ['$cookie_user'],
        salt: 'default/next',
        ramp: { start: 1, duration: 2 },
      },
    ]);
    const plain = routeOf({ canaries: [{ ...canary, bucketBy: null, ramp: null }] }).canaries;
    expect(plain).toEqual([{ backend: 'default/next/80', weight: 5, weightTotal: 100 }]);
  });

  test('what is measured names whom to ask as long as no file measures', () => {
    const [usual, measured] = [routeOf({}), routeOf({ profile: MEASURED })];
    expect(usual).not.toHaveProperty('unmeasuredProfile');
    expect(measured.unmeasuredProfile).toBe(usual.unlimitedProfile);
    expect(measured.profile).not.toBe(usual.profile);
    expect(measured.unlimitedProfile).not.toBe(usual.unlimitedProfile);
  });
});

describe('measuring', () => {
  const LINES = ['set $measured 1', 'log_by_lua_block ingress.log()'];

  test('a compiled location stays plain but for two lines', () => {
    const [usual = []] = locationsOf({}, 'a.example');
    const [measured = []] = locationsOf({ profile: MEASURED }, 'a.example');
    expect(usual.filter((line) => LINES.includes(line))).toEqual([]);
    expect(measured.filter((line) => LINES.includes(line))).toEqual(LINES);
    const rest = (lines: readonly string[]) =>
      lines.filter((line) => !LINES.includes(line) && !line.startsWith('set $route'));
    expect(rest(measured)).toEqual(rest(usual));
  });

  test('of another protocol too', () => {
    const upstream = { protocol: 'GRPC', tls: null, fastcgi: null } as const;
    const [location = []] = locationsOf({ profile: { ...MEASURED, upstream } }, 'a.example');
    expect(location.filter((line) => LINES.includes(line))).toEqual(LINES);
  });

  test('stands in every file, for the default profile and for each protocol that does', () => {
    const locations = locationsOf({}, '_');
    const measured = locations.filter((lines) => lines.includes('set $measured 1'));
    expect(measured).toHaveLength(8);
    for (const lines of measured) expect(lines.filter((line) => LINES.includes(line))).toEqual(LINES);
    const first = locations.find((lines) => lines.some((line) => line.startsWith('set_by_lua_block')));
    expect(first?.filter((line) => LINES.includes(line))).toEqual([]);
  });

  test('is nothing that a compile has to hurry for', () => {
    const model = makeModel([]);
    expect(compiledTerms(makeServer('a.example', ['/'], { profile: MEASURED }), model)).toBe(
      compiledTerms(makeServer('a.example'), model),
    );
  });
});

test('ways of balancing one Service share its kept connections', () => {
  expect(shardOf('default/shop/80/0123456789abcdef')).toBe(shardOf('default/shop/80'));
  const shards = new Set(Array.from({ length: 64 }, (_, index) => shardOf(`default/shop/${index + 1}`)));
  expect(shards.size).toBeGreaterThan(16);
});
