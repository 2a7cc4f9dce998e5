// Random models for laws: hosts, paths and values as they come, hostile ones among them.
import fc from 'fast-check';
import type { Backend, Location, Model, Server } from '../../src/model/model.ts';
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
});

export const backend = fc
  .record({ id: tameText, endpoints: fc.array(endpoint, { maxLength: 3 }) })
  .map((value): Backend => ({ ...value, algorithm: 'round_robin' }));

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
