// Mistakes that people make in an Ingress.
import { type Loose, PATH, put, RULE } from './edit.ts';

/** Field that has to be named (`Secret/…`: that object); whether nothing of it can be served; the mistake. */
export const MISTAKES: Readonly<
  Record<string, readonly [field: string, unservable: boolean, set: (o: Loose) => unknown]>
> = {
  'service-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.name', 'nowhere'),
  ],
  'port-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { number: 8123 }),
  ],
  'port-name-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { name: 'nope' }),
  ],
  'port-zero': [
    `${PATH}.backend`,
    false,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { number: 0 }),
  ],
  'port-huge': [
    `${PATH}.backend`,
    false,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { number: 1e9 }),
  ],
  'port-text': [
    'spec.rules',
    true,
    (o) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { number: '80' }),
  ],
  resource: [
    `${PATH}.backend`,
    false,
    (o) =>
      put(o, 'spec.rules.0.http.paths.0.backend', {
        resource: { kind: 'Bucket', name: 'x' },
      }),
  ],
  'backend-null': ['spec.rules', true, (o) => put(o, 'spec.rules.0.http.paths.0.backend', null)],
  'rules-text': ['spec.rules', true, (o) => put(o, 'spec.rules', 'all of them')],
  'host-number': ['spec.rules', true, (o) => put(o, 'spec.rules.0.host', 5)],
  'host-address': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', '10.0.0.1')],
  'host-port': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', 'bad.example:80')],
  'host-dots': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', 'bad..example')],
  'host-inner-star': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', 'a.*.example')],
  'host-regex': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', '~^(.*)$')],
  'host-label-long': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', `${'a'.repeat(64)}.example`)],
  'host-long': [`${RULE}.host`, true, (o) => put(o, 'spec.rules.0.host', `${'abcdefgh.'.repeat(40)}example`)],
  'path-relative': [`${PATH}.path`, false, (o) => put(o, 'spec.rules.0.http.paths.0.path', 'no-slash')],
  'secret-missing': [
    'spec.tls[0].secretName',
    false,
    (o) => put(o, 'spec.tls', [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'nowhere' }]),
  ],
  'secret-garbled': [
    'Secret/garbled-tls',
    false,
    (o) => put(o, 'spec.tls', [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'garbled-tls' }]),
  ],
  'secret-mixed': [
    'Secret/mixed-tls',
    false,
    (o) => put(o, 'spec.tls', [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'mixed-tls' }]),
  ],
  'annotations-list': ['metadata.annotations', true, (o) => put(o, 'metadata.annotations', ['x'])],
  'canary-alone': [
    `${PATH}.path`,
    true,
    (o) =>
      put(o, 'metadata.annotations', {
        'nginx.ingress.kubernetes.io/canary': 'true',
        'nginx.ingress.kubernetes.io/canary-weight': '10',
      }),
  ],
};
