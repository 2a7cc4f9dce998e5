// Which lists and watches one controller needs. Objects that flags name may lie outside the watched namespace; they
// get a watch for themselves, so that no right beyond the namespace and them is needed.

import type { ObjectKind, ObjectName } from '../../model/kubernetes.ts';
import { SERVICE_NAME_LABEL } from '../../model/kubernetes.ts';
import type { Resource } from './resource.ts';

export type WatchNamespaces =
  | { readonly kind: 'all' }
  | { readonly kind: 'one'; readonly name: string }
  /** A label selector of Namespaces. Objects are watched in all of them, since the set changes while we run. */
  | { readonly kind: 'selector'; readonly selector: string };

export interface FeedOptions {
  readonly namespaces: WatchNamespaces;
  /** `namespace/name` of what the flags name; null: nothing. */
  readonly configMap: ObjectName | null;
  readonly defaultSecret: ObjectName | null;
  readonly defaultBackend: ObjectName | null;
}

export interface Feed {
  readonly kind: ObjectKind;
  readonly resource: Resource;
}

export function feedsOf({
  namespaces,
  configMap,
  defaultSecret,
  defaultBackend,
}: FeedOptions): readonly Feed[] {
  const only = namespaces.kind === 'one' ? namespaces.name : null;
  const feeds = [
    feed('Ingress', only),
    feed('IngressClass', null),
    feed('Service', only),
    feed('EndpointSlice', only),
    feed('Secret', only),
  ];
  if (configMap !== null) feeds.push(named('ConfigMap', configMap, '--configmap'));
  if (defaultSecret !== null && isOutside(defaultSecret, only)) {
    feeds.push(named('Secret', defaultSecret, '--default-ssl-certificate'));
  }
  if (defaultBackend !== null && isOutside(defaultBackend, only)) {
    const [namespace, name] = split(defaultBackend);
    feeds.push(named('Service', defaultBackend, '--default-backend-service'));
    const query = { labelSelector: `${SERVICE_NAME_LABEL}=${name}` };
    feeds.push(feed('EndpointSlice', namespace, query, '--default-backend-service'));
  }
  return feeds;
}

export function namespaceResource(selector: string): Resource {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    path: '/api/v1/namespaces',
    query: { labelSelector: selector },
    label: 'Namespace',
  };
}

const APIS: Readonly<Record<ObjectKind, readonly [apiVersion: string, plural: string]>> = {
  Ingress: ['networking.k8s.io/v1', 'ingresses'],
  IngressClass: ['networking.k8s.io/v1', 'ingressclasses'],
  Service: ['v1', 'services'],
  EndpointSlice: ['discovery.k8s.io/v1', 'endpointslices'],
  Secret: ['v1', 'secrets'],
  ConfigMap: ['v1', 'configmaps'],
};

/** @param namespace null: of all, or a kind that has none. */
function feed(
  kind: ObjectKind,
  namespace: string | null,
  query: Readonly<Record<string, string>> = {},
  flag = '',
): Feed {
  const [apiVersion, plural] = APIS[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = namespace === null ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
  return {
    kind,
    resource: { kind, apiVersion, path, query, label: flag === '' ? kind : `${kind} of ${flag}` },
  };
}

function named(kind: ObjectKind, object: ObjectName, flag: string): Feed {
  const [namespace, name] = split(object);
  return feed(kind, namespace, { fieldSelector: `metadata.name=${name}` }, flag);
}

function isOutside(object: ObjectName, only: string | null): boolean {
  return only !== null && split(object)[0] !== only;
}

function split(object: ObjectName): readonly [namespace: string, name: string] {
  const slash = object.indexOf('/');
  return [object.slice(0, slash), object.slice(slash + 1)];
}
