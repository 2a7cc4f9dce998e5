// Snapshots made object by object, as a source makes them: what does not change keeps its identity.
import { type KubernetesObject, objectName } from '../../src/model/kubernetes.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';

const MAPS = {
  Ingress: 'ingresses',
  IngressClass: 'ingressClasses',
  Service: 'services',
  EndpointSlice: 'endpointSlices',
  Secret: 'secrets',
  ConfigMap: 'configMaps',
} as const;

/** The snapshot with the object put in, or taken out. Every map that does not change stays the same. */
export function step(snapshot: Snapshot, object: KubernetesObject, remove = false): Snapshot {
  const field = MAPS[object.kind];
  const map = new Map<string, KubernetesObject>(snapshot[field]);
  if (remove) map.delete(objectName(object.metadata));
  else map.set(objectName(object.metadata), object);
  return { ...snapshot, [field]: map };
}

export function world(objects: readonly KubernetesObject[]): Snapshot {
  return objects.reduce<Snapshot>((snapshot, object) => step(snapshot, object), {
    ...EMPTY_SNAPSHOT,
    resolved: new Map([['db.example', ['192.0.2.7']]]),
  });
}

export const BASE: readonly KubernetesObject[] = [
  {
    kind: 'IngressClass',
    metadata: { name: 'nginx', namespace: '', creationTimestamp: '', annotations: {}, labels: {} },
    controller: 'k8s.io/ingress-nginx',
  },
];

/** Something that is served, for changes to meet. */
export const LIVE: readonly KubernetesObject[] = [
  {
    kind: 'Ingress',
    metadata: { name: 'live', namespace: 'default', creationTimestamp: '', annotations: {}, labels: {} },
    ingressClassName: 'nginx',
    defaultBackend: undefined,
    tls: [{ hosts: [], secretName: 'cert' }],
    rules: [
      {
        host: 'a.example',
        paths: [
          {
            path: '/',
            pathType: 'Prefix',
            backend: { kind: 'service', service: 'web', port: { number: 80 } },
          },
        ],
      },
    ],
  },
  {
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', creationTimestamp: '', annotations: {}, labels: {} },
    type: 'ClusterIP',
    clusterIP: undefined,
    externalName: undefined,
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
  },
];
