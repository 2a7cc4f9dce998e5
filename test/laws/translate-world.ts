// Random worlds for the laws of translation: few names, so that objects meet, and hostile text where there is text.
import fc from 'fast-check';
import type {
  ConfigMap,
  EndpointSlice,
  Ingress,
  IngressBackend,
  IngressClass,
  KubernetesObject,
  Metadata,
  Secret,
  Service,
} from '../../src/model/kubernetes.ts';
import { CONFIG_KEYS } from '../../src/options/configmap/parse.ts';
import { KNOWN_ANNOTATIONS } from '../../src/options/registry.ts';
import { DEFAULT_TRANSLATE_OPTIONS, type TranslateOptions } from '../../src/translate/options.ts';

export const OPTIONS: TranslateOptions = {
  ...DEFAULT_TRANSLATE_OPTIONS,
  configmap: 'default/web',
  defaultBackendService: 'default/next',
  defaultSslCertificate: 'default/cert',
  enableTopologyAwareRouting: true,
  topologyZone: 'near',
};

const hostile = fc.oneof(
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '__proto__',
      'constructor',
      'a\nb',
      '"; }',
      '{{x}}',
      '\u0000',
      'x'.repeat(10_000),
      '\ud800',
      '../..',
      'a/b',
      '\u202e',
      '$host',
      '`',
      "'",
      '#',
    ),
  },
);
const or = (weight: number, ...values: readonly string[]) =>
  fc.oneof({ weight, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: hostile });

const names = or(30, 'web', 'web', 'next', 'cert');
const times = fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z');
const annotationKeys = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'canary',
      'canary-weight',
      'proxy-body-size',
      'ssl-redirect',
      'canary-by-header',
      'use-regex',
      'rewrite-target',
      'load-balance',
      'upstream-hash-by',
      'upstream-max-fails',
      'affinity',
      'service-upstream',
      'failover-service',
      'canary-bucket-by',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(...KNOWN_ANNOTATIONS.keys()) },
  { weight: 1, arbitrary: hostile },
);
const anyAnnotations = fc
  .array(
    fc.tuple(
      annotationKeys,
      or(4, 'true', 'false', '10', '8m', 'x-next', '/$1', 'ewma', '$remote_addr', 'cookie', 'next:80'),
    ),
    { maxLength: 3 },
  )
  .map((pairs) =>
    Object.fromEntries(pairs.map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value])),
  );

const annotations = fc.oneof(
  { weight: 2, arbitrary: anyAnnotations },
  { weight: 2, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ 'nginx.ingress.kubernetes.io/canary': 'true' }) },
);

const metadata = (
  more: Partial<{ annotations: fc.Arbitrary<Record<string, string>>; name: fc.Arbitrary<string> }> = {},
) =>
  fc.record<Metadata>({
    name: more.name ?? names,
    namespace: or(40, 'default', 'default', 'other'),
    creationTimestamp: times,
    annotations: more.annotations ?? fc.constant({}),
    labels: or(20, 'web', 'web', 'next').map((name) => ({ 'kubernetes.io/service-name': name })),
  });
const numbers = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom(80, 80, 8080) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 1e9) },
);
const backend: fc.Arbitrary<IngressBackend> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      service: names,
      port: fc.oneof(
        numbers.map((number) => ({ number })),
        or(20, 'http').map((name) => ({ name })),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'resource' as const }) },
);
const path = fc.record({
  path: or(20, '/', '/', '/a', '/a/', '/b', '', '/b(.*)'),
  pathType: fc.constantFrom('Exact' as const, 'Prefix' as const, 'ImplementationSpecific' as const),
  backend,
});
const hosts = or(20, 'a.example', 'a.example', 'b.example', '*.example', '');

export const ingresses: fc.Arbitrary<Ingress> = fc.record({
  kind: fc.constant('Ingress' as const),
  metadata: metadata({ annotations, name: or(12, 'one', 'two', 'three', 'four') }),
  ingressClassName: fc.oneof(
    { weight: 5, arbitrary: fc.constant('nginx') },
    { weight: 1, arbitrary: fc.option(or(2, 'other'), { nil: undefined }) },
  ),
  defaultBackend: fc.option(backend, { nil: undefined, freq: 3 }),
  tls: fc.array(
    fc.record({ hosts: fc.array(hosts, { maxLength: 2 }), secretName: fc.option(names, { nil: undefined }) }),
    { maxLength: 1 },
  ),
  rules: fc.array(fc.record({ host: hosts, paths: fc.array(path, { maxLength: 3 }) }), { maxLength: 3 }),
});

const classes: fc.Arbitrary<IngressClass> = fc.record({
  kind: fc.constant('IngressClass' as const),
  metadata: metadata({ name: or(9, 'nginx', 'other') }).map((item) => ({ ...item, namespace: '' })),
  controller: or(9, 'k8s.io/ingress-nginx'),
});
const services: fc.Arbitrary<Service> = fc.record({
  kind: fc.constant('Service' as const),
  metadata: metadata(),
  type: fc.constantFrom(
    'ClusterIP' as const,
    'ClusterIP' as const,
    'ClusterIP' as const,
    'ExternalName' as const,
  ),
  clusterIP: fc.constantFrom(undefined, 'None', '10.96.0.1'),
  externalName: fc.option(or(5, 'db.example', '192.0.2.1'), { nil: undefined }),
  ports: fc.array(
    fc.record({
      name: or(20, 'http', 'http', 'http', ''),
      protocol: fc.constantFrom('TCP' as const, 'TCP' as const, 'TCP' as const, 'UDP' as const),
      port: numbers,
      targetPort: fc.option(fc.oneof(numbers, or(20, 'http')), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const slices: fc.Arbitrary<EndpointSlice> = fc.record({
  kind: fc.constant('EndpointSlice' as const),
  metadata: metadata({ name: or(9, 's1', 's2', 's3') }),
  addressType: fc.constantFrom(
    'IPv4' as const,
    'IPv4' as const,
    'IPv4' as const,
    'IPv6' as const,
    'FQDN' as const,
  ),
  ports: fc.array(
    fc.record({
      name: or(20, 'http', 'http', 'http', ''),
      protocol: fc.constantFrom('TCP' as const, 'TCP' as const, 'UDP' as const),
      port: fc.option(numbers, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  endpoints: fc.array(
    fc.record({
      addresses: fc.array(or(15, '10.0.0.1', '10.0.0.2', 'fd00::1'), { minLength: 1, maxLength: 2 }),
      ready: fc.boolean(),
      serving: fc.boolean(),
      terminating: fc.boolean(),
      zone: fc.constant(undefined),
      nodeName: fc.constant(undefined),
      forZones: fc.constantFrom<readonly string[]>([], ['near'], ['near', 'far'], ['far']),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const configMaps: fc.Arbitrary<ConfigMap> = fc.record({
  kind: fc.constant('ConfigMap' as const),
  metadata: metadata({ name: fc.constant('web') }),
  data: fc.dictionary(
    fc.oneof(
      fc.constantFrom('proxy-body-size', 'ssl-redirect'),
      fc.constantFrom(...Object.values(CONFIG_KEYS).map((item) => item.name)),
      hostile,
    ),
    or(5, 'false', '3m', '12'),
    { maxKeys: 2, noNullPrototype: true },
  ),
});
const secrets = (data: readonly Readonly<Record<string, string>>[]): fc.Arbitrary<Secret> =>
  fc.record({
    kind: fc.constant('Secret' as const),
    metadata: metadata(),
    type: fc.constant('kubernetes.io/tls'),
    data: fc.oneof(fc.constantFrom(...data), fc.record({ 'tls.crt': hostile, 'tls.key': hostile })),
  });

/** @param data of Secrets, as good ones are slow to make. */
export function anyObject(data: readonly Readonly<Record<string, string>>[]): fc.Arbitrary<KubernetesObject> {
  return fc.oneof(
    { weight: 5, arbitrary: ingresses },
    { weight: 3, arbitrary: services },
    { weight: 3, arbitrary: slices },
    { weight: 1, arbitrary: classes },
    { weight: 2, arbitrary: configMaps },
    { weight: 1, arbitrary: secrets(data) },
  );
}
