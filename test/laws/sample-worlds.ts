// Random models for laws: hosts, paths and values as they come, hostile ones among them.
import fc from 'fast-check';
import type { Backend, Location, Model, Server } from '../../src/model/model.ts';
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
  });
  return fc
    .record({
      host,
      locations: fc.uniqueArray(location, {
        maxLength: 4,
        selector: ({ path, exact }) => `${exact || !path.endsWith('/')} ${path}`,
      }),
      tls: fc.boolean(),
      object: text,
    })
    .map(({ host: name, locations, tls, object }) => ({
      host: name,
      certificate: tls ? `ns/${object}` : null,
      otherCertificates: [],
      objects: [`Ingress/${object}`],
      locations: locations.map((entry): Location => {
        const match = entry.exact || !entry.path.endsWith('/') ? 'exact' : 'prefix';
        const profile = { ...PROFILE, bodySize: entry.size };
        const id = `ns/${object}/${name}/${match === 'exact' ? 'E' : 'P'}${entry.path}`;
        const route = makeRoute(id, {
          object: `Ingress/ns/${object}`,
          backend: entry.backend,
          denied: entry.denied,
          sslRedirect: entry.redirect,
          profile,
        });
        return { match, path: entry.path, route };
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
