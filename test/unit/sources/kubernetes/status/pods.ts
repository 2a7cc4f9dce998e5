// Pods and nodes on the small API server, as far as the status of Ingresses looks at them.

import type { ApiServer, Json } from '../lease/support/api-server.ts';

export const OWN = { namespace: 'edge', name: 'gate-1' };
export const LABELS = { app: 'gate', tier: '' };

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  /** It was asked to end. */
  readonly leaving?: boolean;
  readonly namespace?: string;
}

export function putPod(api: ApiServer, name: string, options: PodOptions = {}): void {
  const { labels = LABELS, node = 'n1', phase = 'Running', ready = true, leaving = false } = options;
  const { namespace = OWN.namespace } = options;
  api.put(podPath(name, namespace), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      // As the cluster tells them apart.
      labels: {
        ...labels,
        'pod-template-hash': `of-${name}`,
        'topology.kubernetes.io/zone': `zone-of-${node}`,
        'apps.kubernetes.io/pod-index': name.replaceAll(/\D/g, ''),
      },
      ...(leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: {
      phase,
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: ready ? 'True' : 'False' },
      ],
    },
  });
}

export function podPath(name: string, namespace = OWN.namespace): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

/** @param addresses pairs of type and address, in the order of the node. */
export function putNode(api: ApiServer, name: string, ...addresses: readonly [string, string][]): void {
  const entries: readonly Json[] = addresses.map(([type, address]) => ({ type, address }));
  api.put(nodePath(name), {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: addresses.length === 0 ? {} : { addresses: entries },
  });
}

export function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}
