// Many Services with a slice and an Ingress each, written straight to the API: `s0` and on, hosts as asked.
import { ingress } from '../../e2e/support/objects.ts';
import type { Api, Thing } from './api.ts';

export async function createMany(
  api: Api,
  count: number,
  of: (i: number) => { readonly host: string; readonly address: string },
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => i).values();
  const creator = async () => {
    for (const i of numbers) {
      await api.call('POST', '/api/v1/namespaces/default/services', bareService(`s${i}`));
      await api.call('POST', `${DISCOVERY}/endpointslices`, slice(`s${i}`, of(i).address));
      await api.call(
        'POST',
        `${NETWORKING}/ingresses`,
        ingress(`i${i}`, { host: of(i).host, service: `s${i}` }),
      );
    }
  };
  await Promise.all(Array.from({ length: 24 }, creator));
}

export const NETWORKING = '/apis/networking.k8s.io/v1/namespaces/default';
export const DISCOVERY = '/apis/discovery.k8s.io/v1/namespaces/default';

/** Without a selector: nobody but us writes its slices. */
export function bareService(name: string): Thing {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

export function slice(service: string, address: string): Thing {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: service,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'test' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
  };
}
