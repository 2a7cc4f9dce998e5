// Kubernetes objects as a user writes them into a manifest, with as little as each test has to say.
import { stringify } from 'yaml';

export type Manifest = Readonly<Record<string, unknown>>;

export type IngressOptions = {
  readonly host: string;
  readonly service: string;
  readonly port?: number;
  readonly path?: string;
  readonly pathType?: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly annotations?: Readonly<Record<string, string>>;
  /** Name of the Secret for this host. */
  readonly tls?: string;
  readonly created?: string;
};

const ours = 'nginx.ingress.kubernetes.io/';

/** Annotations are given without our prefix. */
export function ingress(name: string, options: IngressOptions): Manifest {
  const {
    host,
    service,
    port = 80,
    path = '/',
    pathType = 'Prefix',
    annotations = {},
    tls,
    created,
  } = options;
  const prefixed = Object.entries(annotations).map(([key, value]) => [`${ours}${key}`, value]);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: 'default',
      ...(created === undefined ? {} : { creationTimestamp: created }),
      ...(prefixed.length === 0 ? {} : { annotations: Object.fromEntries(prefixed) as object }),
    },
    spec: {
      ingressClassName: 'nginx',
      ...(tls === undefined ? {} : { tls: [{ hosts: [host], secretName: tls }] }),
      rules: [
        {
          host,
          http: {
            paths: [{ path, pathType, backend: { service: { name: service, port: { number: port } } } }],
          },
        },
      ],
    },
  };
}

export function service(name: string, port = 80): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', ports: [{ name: 'http', protocol: 'TCP', port }] },
  };
}

/** A slice has one number for each port, so there is a slice for each port number. `endpoints`: `address:port`. */
export function slices(serviceName: string, endpoints: readonly string[]): readonly Manifest[] {
  const byPort = Map.groupBy(endpoints, (endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)));
  return [...byPort].map(([port, ofPort]) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName}-${port}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port }],
    endpoints: ofPort.map((endpoint) => ({
      addresses: [endpoint.slice(0, endpoint.lastIndexOf(':'))],
      conditions: { ready: true, serving: true, terminating: false },
    })),
  }));
}

/** A Service and its slices. */
export function workload(name: string, endpoints: readonly string[]): readonly Manifest[] {
  return [service(name), ...slices(name, endpoints)];
}

export function tlsSecret(name: string, pair: { readonly cert: string; readonly key: string }): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default' },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': Buffer.from(pair.cert).toString('base64'),
      'tls.key': Buffer.from(pair.key).toString('base64'),
    },
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

export function ingressClass(): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  };
}

export function toYaml(objects: readonly Manifest[]): string {
  return objects.map((object) => `---\n${stringify(object)}`).join('');
}
