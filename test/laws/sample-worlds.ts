// Random models for laws: hosts, paths and values as they come, hostile ones among them.
import fc from 'fast-check';
import { type Affinity, ALGORITHMS, type Balancing, type StatusRange } from '../../src/model/balancing.ts';
import type { Backend, Canary, Location, Model, Server } from '../../src/model/model.ts';
import type { Upstream, UpstreamTls } from '../../src/model/upstream.ts';
import { makeModel, makeRoute, PROFILE } from '../unit/render/sample-model.ts';

const HOSTILE = [
  '"; } } server { listen 1; ',
  '$host',
  '\\',
  '\n',
  '{',
  '}',
  ';',
  '#',
  '"',
  "'",
  '../..',
  '//',
  '%00',
  ' ',
  '$\x7bevil}',
  '`id`',
  ']]',
  '--[[',
  'é',
  '\u0000',
  '\ud800',
  '{{{x}}}',
  '*',
  '~',
  '=',
  '@p00000000',
]; // prettier-ignore

export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.constantFrom('a', 'shop', '-', '.', '/')), { maxLength: 5 })
  .map((parts) => parts.join(''));

const tameHost = fc.constantFrom('a.example', 'b.example', 'shop.example', '*.wild.example', '*');
const tamePath = fc.constantFrom('/', '/a', '/a/', '/b', '/api/v1/', '/x.y');

const tls = fc.record({
  name: fc.constantFrom('one.example', 'two.example'),
  serverName: fc.boolean(),
  authority: fc.constantFrom(null, '1'.repeat(32), '2'.repeat(32)),
  verifyDepth: fc.constantFrom(1, 2),
  identity: fc.option(hostileText),
  protocols: fc.constantFrom<UpstreamTls['protocols']>(['TLSv1.2'], ['TLSv1.2', 'TLSv1.3']),
  ciphers: fc.constantFrom('DEFAULT', 'HIGH:!aNULL'),
});

/** Of every kind, with names that tenants share. Identities hold any text: it never reaches a file. */
export const upstream: fc.Arbitrary<Upstream> = fc.oneof(
  fc.record({
    protocol: fc.constantFrom('HTTPS' as const, 'GRPCS' as const, 'AUTO_HTTP' as const),
    tls: fc.option(tls),
    fastcgi: fc.constant(null),
  }),
  fc.constant<Upstream>({ protocol: 'GRPC', tls: null, fastcgi: null }),
  fc
    .record({ index: fc.option(fc.constant('index.php')), value: fc.constantFrom('', 'a b', '/x$uri') })
    .map(({ index, value }): Upstream => {
      const fastcgi = { index, params: [{ name: 'SCRIPT_FILENAME', value }] };
      return { protocol: 'FCGI', tls: null, fastcgi };
    }),
);

export function server(
  host: fc.Arbitrary<string>,
  path: fc.Arbitrary<string>,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<Server> {
  const location = fc.record({
    path,
    exact: fc.boolean(),
    backend: text,
    denied: fc.option(text),
    redirect: fc.boolean(),
    size: fc.constantFrom(0, PROFILE.bodySize, 8192),
    upstream: fc.option(upstream, { freq: 3 }),
    measured: fc.boolean(),
  });
  return fc
    .record({
      host,
      locations: fc.uniqueArray(location, {
        maxLength: 4,
        selector: ({ path, exact }) => `${exact || !path.endsWith('/')} ${path}`,
      }),
      tls: fc.boolean(),
      regex: fc.nat(3).map((number) => number === 0),
      root: fc.nat(7).map((number) => number === 0),
      object: text,
    })
    .map(({ host: name, locations, tls, regex, root, object }) => ({
      host: name,
      certificate: tls ? `ns/${object}` : null,
      otherCertificates: [],
      objects: [`Ingress/${object}`],
      ...(root ? { appRoot: '/root' } : {}),
      locations: locations.map((entry): Location => {
        const exact = entry.exact || !entry.path.endsWith('/');
        const match = regex ? 'regex' : exact ? 'exact' : 'prefix';
        const profile = {
          ...PROFILE,
          bodySize: entry.size,
          ...(entry.upstream === null ? {} : { upstream: entry.upstream }),
          ...(entry.measured ? { measured: true as const } : {}),
        };
        const id = `ns/${object}/${name}/${exact ? 'E' : 'P'}${entry.path}`;
        const route = makeRoute(id, {
          object: `Ingress/ns/${object}`,
          backend: entry.backend,
          denied: entry.denied,
          sslRedirect: entry.redirect,
          ...(regex && exact
            ? { rewrite: { pattern: entry.path, target: ['/', 1], forwardedPrefix: null } }
            : {}),
          profile,
        });
        const literal = regex ? { literal: { text: entry.path, whole: entry.exact } } : {};
        return { match, path: entry.path, route, ...literal };
      }),
    }));
}

const tameText = fc.constantFrom('x', 'y', 'z');
const endpoint = fc.record({
  address: fc.ipV4(),
  port: fc.integer({ min: 1, max: 65_535 }),
  weight: fc.integer({ min: 1, max: 9 }),
  draining: fc.boolean(),
});

/** As backends of a Service and as those that an Ingress balances in its own way. */
export const balancing: fc.Arbitrary<Balancing> = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  hashBy: fc.constantFrom([], ['$remote_addr'], ['a', '$http_x']),
  subsetSize: fc.nat(3),
  slowStart: fc.nat(30),
  panicThreshold: fc.nat(100),
  passive: fc.option(
    fc.record({
      maxFails: fc.integer({ min: 1, max: 9 }),
      failTimeout: fc.constant(10),
      statuses: fc.constantFrom<readonly StatusRange[]>([], [[500, 599]]),
      maxEjected: fc.nat(100),
    }),
  ),
  check: fc.option(
    fc.record({
      type: fc.constantFrom('http' as const, 'https' as const, 'tcp' as const, 'grpc' as const),
      interval: fc.integer({ min: 1, max: 9 }),
      timeout: fc.constant(1),
      rise: fc.constant(2),
      fall: fc.constant(3),
      port: fc.option(fc.constant(81)),
      path: fc.constantFrom('/', '/up'),
      host: fc.option(fc.constant('up.example')),
      statuses: fc.constant([[200, 399] as const]),
      service: fc.constantFrom('', 'x'),
    }),
  ),
});

export const backend: fc.Arbitrary<Backend> = fc.record({
  id: fc
    .tuple(tameText, fc.constantFrom('', '/0123456789abcdef'))
    .map(([name, suffix]) => `n/${name}/80${suffix}`),
  balancing,
  endpoints: fc.array(endpoint, { maxLength: 3 }),
  left: fc.constant([]),
});

export const affinity: fc.Arbitrary<Affinity> = fc.record({
  name: fc.constantFrom('INGRESSCOOKIE', 'sid'),
  mode: fc.constantFrom('balanced' as const, 'persistent' as const),
  path: fc.constantFrom('/', '/a'),
  domain: fc.option(fc.constant('shop.example')),
  expires: fc.option(fc.integer({ min: -1, max: 1 })),
  maxAge: fc.option(fc.integer({ min: -1, max: 1 })),
  sameSite: fc.option(fc.constantFrom('None' as const, 'Lax' as const)),
  secure: fc.option(fc.boolean()),
  conditionalSameSiteNone: fc.boolean(),
  changeOnFailure: fc.boolean(),
  canary: fc.constantFrom('sticky' as const, 'legacy' as const),
});

export const canary: fc.Arbitrary<Canary> = fc.record({
  object: fc.constant('Ingress/ns/canary'),
  backend: tameText,
  header: fc.option(fc.constant('x-next')),
  headerValue: fc.constant(null),
  headerPattern: fc.constant(null),
  cookie: fc.constant(null),
  weight: fc.nat(100),
  weightTotal: fc.constant(100),
  bucketBy: fc.option(fc.constant(['$cookie_user'])),
  ramp: fc.option(fc.record({ start: fc.nat(9), duration: fc.integer({ min: 1, max: 9 }) })),
});

export function model(servers: fc.Arbitrary<readonly Server[]>): fc.Arbitrary<Model> {
  return fc
    .record({ servers, backends: fc.array(backend, { maxLength: 3 }) })
    .map(({ servers: list, backends }) =>
      makeModel(list, { backends: new Map(backends.map((entry) => [entry.id, entry])) }),
    );
}

export const tameModel = model(fc.array(server(tameHost, tamePath, tameText), { maxLength: 4 }));
export const hostileServers = fc.array(
  server(
    hostileText,
    hostileText.map((text) => `/${text}`),
    hostileText,
  ),
  { maxLength: 3 },
);
