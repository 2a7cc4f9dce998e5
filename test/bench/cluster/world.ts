// The cluster of this bench: a real control plane with Services, slices and Ingresses in number, two real backends on
// pod addresses, and a gateway.

import { type Api, MERGE } from '../../cluster/support/api.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/support/control-plane.ts';
import { type ClusterGateway, prepareGateway } from '../../cluster/support/gateway-in-cluster.ts';
import { createMany, DISCOVERY, NETWORKING } from '../../cluster/support/many-objects.ts';
import { ingress } from '../../e2e/support/objects.ts';
import { type Backend, startBackend } from '../../support/backend.ts';

export interface World {
  readonly size: number;
  readonly hosts: readonly string[];
  readonly plane: ControlPlane;
  /** Nothing of it runs until `startController`. */
  readonly gateway: ClusterGateway;
  /** Service `s<i>` has `backends[0]` until it is pointed elsewhere. */
  readonly backends: readonly [Backend, Backend];
  readonly close: () => Promise<void>;
}

export async function openWorld(size: number): Promise<World> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const plane = await startControlPlane();
    closing.push(plane.close);
    const backendAt = async (name: string, address: string) => {
      const backend = await startBackend({ name, address, port: 8080 });
      closing.push(backend.close);
      return backend;
    };
    const first = await backendAt('one', ADDRESSES[0]);
    const second = await backendAt('two', ADDRESSES[1]);
    await createMany(plane.api, size, (i) => ({ host: hostOf(i), address: ADDRESSES[0] }));
    const gateway = await prepareGateway(plane, {});
    closing.push(gateway.close);
    const hosts = Array.from({ length: size }, (_, i) => hostOf(i));
    return { size, hosts, plane, gateway, backends: [first, second], close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const ADDRESSES = ['10.99.1.1', '10.99.1.2'] as const;

export function hostOf(i: number): string {
  return `h${i}.example`;
}

/** Endpoints of service `s<i>`: this address alone. */
export function pointAt(api: Api, i: number, address: string): Promise<unknown> {
  const endpoints = [
    { addresses: [address], conditions: { ready: true, serving: true, terminating: false } },
  ];
  return api.call('PATCH', `${DISCOVERY}/endpointslices/s${i}`, { endpoints }, MERGE);
}

export function postIngress(api: Api, name: string, host: string): Promise<unknown> {
  return api.call('POST', `${NETWORKING}/ingresses`, ingress(name, { host, service: 's0' }));
}

export function deleteIngress(api: Api, name: string): Promise<unknown> {
  return api.call('DELETE', `${NETWORKING}/ingresses/${name}`);
}
