// Ingresses on the small API server, and the Snapshot that a source would make of them.

import type { KubernetesObject } from '../../../../../src/model/kubernetes.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../../../src/model/snapshot.ts';
import { projectObject } from '../../../../../src/sources/project/project-object.ts';
import type { ApiServer, Json } from '../lease/support/api-server.ts';

export function ingressPath(name: string, namespace = 'default'): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`;
}

export function putIngress(api: ApiServer, name: string, published: readonly Json[] = []): void {
  const path = ingressPath(name);
  api.put(path, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default' },
    spec: { rules: [{ host: `${name}.example` }] },
    status: { loadBalancer: published.length === 0 ? {} : { ingress: published } },
  });
}

export function publishedOf(api: ApiServer, name: string): unknown {
  const status = api.objects.get(ingressPath(name))?.status as { loadBalancer?: { ingress?: unknown } };
  return status.loadBalancer?.ingress;
}

export function uidOf(api: ApiServer, name: string): unknown {
  const { metadata } = api.objects.get(ingressPath(name)) ?? {};
  return (metadata as { readonly uid: string }).uid;
}

/** Objects that did not change keep their identity, as sources promise. */
export function createSnapshots(api: ApiServer): () => Snapshot {
  const cache = new Map<Json, KubernetesObject>();
  return () => {
    const ingresses = new Map(EMPTY_SNAPSHOT.ingresses);
    const services = new Map(EMPTY_SNAPSHOT.services);
    for (const raw of api.objects.values()) {
      const object = cache.get(raw) ?? project(raw);
      if (object === null) continue;
      cache.set(raw, object);
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      if (object.kind === 'Ingress') ingresses.set(key, object);
      if (object.kind === 'Service') services.set(key, object);
    }
    return { ...EMPTY_SNAPSHOT, ingresses, services };
  };
}

function project(raw: Json): KubernetesObject | null {
  const projected = projectObject(raw);
  return 'object' in projected ? projected.object : null;
}
