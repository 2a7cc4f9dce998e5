// Objects as the sources give them, with everything that a test does not care about filled in.
import type {
  ConfigMap,
  EndpointSlice,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressPath,
  KubernetesObject,
  Metadata,
  Secret,
  Service,
  SliceEndpoint,
} from '../../../../src/model/kubernetes.ts';
import { objectName } from '../../../../src/model/kubernetes.ts';
import type { Model } from '../../../../src/model/model.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../../src/model/snapshot.ts';
import { DEFAULT_TRANSLATE_OPTIONS, type TranslateOptions } from '../../../../src/translate/options.ts';
import { createTranslator } from '../../../../src/translate/translate.ts';

export const PREFIX = 'nginx.ingress.kubernetes.io';

export function metadata(name: string, more: Partial<Metadata> = {}): Metadata {
  return { name, namespace: 'default', creationTimestamp: '', annotations: {}, labels: {}, ...more };
}

/** Annotations under our prefix. */
export function ours(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]));
}

export function to(service: string, port: number | string = 80): IngressBackend {
  return { kind: 'service', service, port: typeof port === 'number' ? { number: port } : { name: port } };
}

export function path(
  text: string,
  service = 'web',
  pathType: IngressPath['pathType'] = 'Prefix',
): IngressPath {
  return { path: text, pathType, backend: to(service) };
}

export function ingress(
  name: string,
  more: Partial<Omit<Ingress, 'kind' | 'metadata'>> & { readonly metadata?: Partial<Metadata> } = {},
): Ingress {
  const { metadata: meta, ...rest } = more;
  return {
    kind: 'Ingress',
    metadata: metadata(name, meta),
    ingressClassName: 'nginx',
    defaultBackend: undefined,
    tls: [],
    rules: [{ host: 'shop.example', paths: [path('/')] }],
    ...rest,
  };
}

export function ingressClass(name = 'nginx', more: Partial<IngressClass> = {}): IngressClass {
  return {
    kind: 'IngressClass',
    metadata: metadata(name, { namespace: '' }),
    controller: 'k8s.io/ingress-nginx',
    ...more,
  };
}

export function service(
  name = 'web',
  more: Partial<Omit<Service, 'kind' | 'metadata'>> & { readonly metadata?: Partial<Metadata> } = {},
): Service {
  const { metadata: meta, ...rest } = more;
  return {
    kind: 'Service',
    metadata: metadata(name, meta),
    type: 'ClusterIP',
    clusterIP: '10.96.0.1',
    externalName: undefined,
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
    ...rest,
  };
}

export function endpoint(addresses: readonly string[], more: Partial<SliceEndpoint> = {}): SliceEndpoint {
  const ready = more.ready ?? true;
  return {
    addresses,
    ready,
    serving: ready,
    terminating: false,
    zone: undefined,
    nodeName: undefined,
    forZones: [],
    ...more,
  };
}

export function slice(
  of = 'web',
  more: Partial<Omit<EndpointSlice, 'kind' | 'metadata'>> & {
    readonly name?: string;
    readonly namespace?: string;
  } = {},
): EndpointSlice {
  const { name = `${of}-1`, namespace = 'default', ...rest } = more;
  return {
    kind: 'EndpointSlice',
    metadata: metadata(name, { namespace, labels: { 'kubernetes.io/service-name': of } }),
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: [endpoint(['10.0.0.1'])],
    ...rest,
  };
}

export function secret(name: string, data: Readonly<Record<string, string>>, namespace = 'default'): Secret {
  return { kind: 'Secret', metadata: metadata(name, { namespace }), type: 'kubernetes.io/tls', data };
}

export function configMap(data: Readonly<Record<string, string>>): ConfigMap {
  return { kind: 'ConfigMap', metadata: metadata('config', { namespace: 'ingress' }), data };
}

export function snapshot(objects: readonly KubernetesObject[], more: Partial<Snapshot> = {}): Snapshot {
  const of = <K extends KubernetesObject['kind']>(kind: K) =>
    new Map(
      objects
        .filter((item): item is Extract<KubernetesObject, { readonly kind: K }> => item.kind === kind)
        .map((item) => [objectName(item.metadata), item]),
    );
  return {
    ...EMPTY_SNAPSHOT,
    ingresses: of('Ingress'),
    ingressClasses: of('IngressClass'),
    services: of('Service'),
    endpointSlices: of('EndpointSlice'),
    secrets: of('Secret'),
    configMaps: of('ConfigMap'),
    ...more,
  };
}

/** A fresh translation; a class of ours, a Service `web` and its slice are there unless `bare`. */
export function translate(
  objects: readonly KubernetesObject[],
  options: Partial<TranslateOptions> = {},
  more: Partial<Snapshot> = {},
): Model {
  return createTranslator({ ...DEFAULT_TRANSLATE_OPTIONS, ...options })(
    snapshot([ingressClass(), service(), slice(), ...objects], more),
  );
}

export function codes(model: Model): readonly string[] {
  return model.diagnostics.map((item) => `${item.severity} ${item.code} ${item.object} ${item.field}`.trim());
}

/** `exact /foo` → the object that serves it. */
export function table(model: Model, host = 'shop.example'): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (model.servers.get(host)?.locations ?? []).map((item) => [
      `${item.match} ${item.path}`,
      item.route.object,
    ]),
  );
}

export function routes(model: Model, host = 'shop.example') {
  return (model.servers.get(host)?.locations ?? []).map((item) => item.route);
}
