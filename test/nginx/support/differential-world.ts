// Hosts and paths of every kind that a model can have, each route with a backend that names itself.
import {
  type IngressOptions,
  ingress,
  ingressClass,
  type Manifest,
  tlsSecret,
  workload,
} from '../../e2e/support/objects.ts';
import type { Backend } from '../../support/backend.ts';
import type { Pair } from '../../support/certs.ts';
import type { Vocabulary } from './odd-requests.ts';
import { REGEX_PLACES, regexManifests } from './regex-oracle.ts';

export const BACKENDS = ['a', 'b', 'c', 'd'] as const;

const PATHS: Readonly<Record<string, readonly string[]>> = {
  'shop.example': ['/api', '/api/v1', '/docs', '/Case', '/a.b/under_score'],
  'root.example': ['/', '/api', '/leaf/', '/dir/'],
  'slash.example': ['/', '/dir/', '/leaf/', '/only/', '/api'],
  'tls.example': ['/', '/api', '/.well-known/acme-challenge/token'],
  'quiet.example': ['/docs'],
  'gate.example': ['/', '/api'],
  'empty.example': ['/', '/api'],
  'small.example': ['/', '/docs'],
  'canary.example': ['/'],
  'x.wild.example': ['/', '/api'],
  'deep.wild.example': ['/', '/only'],
  'any.tlswild.example': ['/'],
  'tlswild.example': ['/dir'],
};

export const VOCABULARY: Vocabulary = {
  hosts: [
    'shop.example',
    'root.example',
    'tls.example',
    'quiet.example',
    'slash.example',
    'gate.example',
    'empty.example',
    'small.example',
    'canary.example',
    'x.wild.example',
    'deep.wild.example',
    'x.y.wild.example',
    'wild.example',
    'tlswild.example',
    'any.tlswild.example',
    'unknown.example',
    'example',
    'regex.example',
    'rewrite.example',
  ],
  segments: ['api', 'v1', 'docs', 'dir', 'leaf', 'only', 'Case', 'a.b', 'under_score'],
  places: [
    ...Object.entries(PATHS).flatMap(([host, paths]) => paths.map((path) => [host, path] as const)),
    ...REGEX_PLACES,
  ],
};

type Rule = Omit<IngressOptions, 'host'>;

export async function differentialWorld(
  backends: readonly Backend[],
  pairOf: (name: string) => Promise<Pair>,
): Promise<readonly Manifest[]> {
  const objects: Manifest[] = [ingressClass()];
  for (const { name, endpoint } of backends) objects.push(...workload(name, [endpoint]));
  objects.push(...workload('nobody', []));
  const secret = async (host: string) => {
    const name = `tls-${host.replaceAll('.', '-').replace('*', 'any')}`;
    objects.push(tlsSecret(name, await pairOf(host)));
    return name;
  };
  const add = (host: string, rules: readonly Rule[], common: Partial<IngressOptions> = {}) => {
    for (const rule of rules) {
      objects.push(ingress(`rule-${objects.length}`, { ...common, ...rule, host }));
    }
  };

  add('shop.example', [
    { path: '/api', service: 'a' },
    { path: '/api/v1', pathType: 'Exact', service: 'b' },
    { path: '/docs', service: 'c' },
    { path: '/Case', service: 'd' },
    { path: '/a.b/under_score', pathType: 'Exact', service: 'a' },
  ]);
  add('root.example', [
    { path: '/', service: 'd' },
    { path: '/api', pathType: 'Exact', service: 'a' },
    { path: '/leaf/', pathType: 'Exact', service: 'b' },
    { path: '/dir/', pathType: 'ImplementationSpecific', service: 'c' },
  ]);
  add('slash.example', [
    { path: '/dir/', pathType: 'ImplementationSpecific', service: 'a' },
    { path: '/leaf/', pathType: 'Exact', service: 'b' },
    { path: '/only/', service: 'c' },
    { path: '/api', pathType: 'ImplementationSpecific', service: 'd' },
    { path: '/', pathType: 'Exact', service: 'b' },
  ]);
  add(
    'tls.example',
    [
      { path: '/', service: 'a' },
      { path: '/api', service: 'b' },
    ],
    { tls: await secret('tls.example') },
  );
  add('quiet.example', [{ path: '/docs', service: 'c' }], {
    tls: await secret('quiet.example'),
    annotations: { 'ssl-redirect': 'false' },
  });
  add(
    'gate.example',
    [
      { path: '/', service: 'a' },
      { path: '/api', service: 'b' },
    ],
    {
      annotations: { 'whitelist-source-range': '10.0.0.0/8' },
    },
  );
  add('empty.example', [
    { path: '/', service: 'nobody' },
    { path: '/api', service: 'a' },
  ]);
  add('small.example', [{ path: '/', service: 'a' }], { annotations: { 'proxy-body-size': '1k' } });
  add('small.example', [{ path: '/docs', service: 'b' }], {
    annotations: { 'proxy-request-buffering': 'off', 'proxy-body-size': '1k' },
  });
  add('canary.example', [{ path: '/', service: 'a', created: '2020-01-01T00:00:00Z' }]);
  add('canary.example', [{ path: '/', service: 'b' }], {
    annotations: { canary: 'true', 'canary-by-header': 'X-Canary', 'canary-weight': '0' },
  });
  add('*.wild.example', [
    { path: '/', service: 'c' },
    { path: '/api', pathType: 'Exact', service: 'a' },
  ]);
  add('deep.wild.example', [{ path: '/only', service: 'b' }]);
  add('*.tlswild.example', [{ path: '/', service: 'c' }], { tls: await secret('*.tlswild.example') });
  add('tlswild.example', [{ path: '/dir', service: 'd' }]);
  objects.push(...regexManifests());
  return objects;
}
