// The object that an Event is about: what a diagnostic's reference names, and the uid by which kubectl finds Events.

import type { Metadata, ObjectKind } from '../../../model/kubernetes.ts';
import type { Snapshot } from '../../../model/snapshot.ts';

export interface Subject {
  readonly kind: ObjectKind;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  /** Of the object in the API. */
  readonly path: string;
}

/** Null: a file, a flag, or nothing that the API server has. */
export function readSubject(reference: string): Subject | null {
  const [kind = '', ...rest] = reference.split('/');
  if (!isKind(kind)) return null;
  const { apiVersion, plural, cluster } = KINDS[kind];
  const [namespace, name] = cluster ? ['', rest[0]] : rest;
  if (namespace === undefined || !name || rest.length !== (cluster ? 1 : 2)) return null;
  if (!cluster && namespace === '') return null;
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const within = cluster ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return {
    kind,
    apiVersion,
    namespace,
    name,
    path: `${group}${within}/${plural}/${encodeURIComponent(name)}`,
  };
}

/** Undefined: the Snapshot does not have the object, or not from an API server. */
export function uidInSnapshot({ kind, namespace, name }: Subject, snapshot: Snapshot): string | undefined {
  const map: ReadonlyMap<string, { readonly metadata: Metadata }> = snapshot[KINDS[kind].map];
  return map.get(namespace === '' ? name : `${namespace}/${name}`)?.metadata.uid;
}

interface KindInfo {
  readonly apiVersion: string;
  readonly plural: string;
  readonly map: Exclude<keyof Snapshot, 'resolved' | 'staples' | 'kept' | 'diagnostics'>;
  readonly cluster: boolean;
}

// biome-ignore format: a table
const KINDS: Readonly<Record<ObjectKind, KindInfo>> = {
  Ingress: { apiVersion: 'networking.k8s.io/v1', plural: 'ingresses', map: 'ingresses', cluster: false },
  IngressClass: { apiVersion: 'networking.k8s.io/v1', plural: 'ingressclasses', map: 'ingressClasses', cluster: true },
  Service: { apiVersion: 'v1', plural: 'services', map: 'services', cluster: false },
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices', map: 'endpointSlices', cluster: false },
  Secret: { apiVersion: 'v1', plural: 'secrets', map: 'secrets', cluster: false },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps', map: 'configMaps', cluster: false },
};

function isKind(kind: string): kind is ObjectKind {
  return Object.hasOwn(KINDS, kind);
}
