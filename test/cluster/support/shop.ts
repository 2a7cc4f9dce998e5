// What most tests start from: a Deployment behind an Ingress, a gateway that serves it, and steady load that writes
// down each request that failed.
import { expect } from '@jest/globals';
import type { StateReport } from '../../../src/serve/state.ts';
import { ingress } from '../../e2e/support/objects.ts';
import { eventually } from '../../support/eventually.ts';
import { type Load, startLoad } from '../../support/load.ts';
import type { ClusterGateway, ClusterGatewayOptions } from './gateway-in-cluster.ts';
import type { Pod } from './kubelet.ts';
import type { ClusterBed } from './test-cluster.ts';
import { clusterService, deployment } from './workloads.ts';

export const HOST = 'shop.example';

export type ShopOptions = {
  readonly replicas?: number;
  /** As in `DeploymentOptions`. */
  readonly preStop?: number;
  /** Of the Ingress, without our prefix. */
  readonly annotations?: Readonly<Record<string, string>>;
};

export type Shop = {
  readonly gateway: ClusterGateway;
  readonly load: Load;
  /** By kubectl, and waits for the pods; the gateway may be behind. */
  readonly scale: (replicas: number) => Promise<readonly Pod[]>;
  /** Waits until each of these pods has answered, and no other one does. */
  readonly servedBy: (pods: readonly Pod[], timeoutMs?: number) => Promise<void>;
  /** Ends the load. No request failed, and nothing was reloaded since `before`. */
  readonly expectUnbroken: (before: StateReport) => Promise<void>;
};

export async function openShop(
  { plane, kubelet, startGateway, after }: ClusterBed,
  { replicas = 2, preStop, annotations = {}, ...options }: ClusterGatewayOptions & ShopOptions = {},
): Promise<Shop> {
  await plane.kubectl.apply(
    deployment('shop', { replicas, ...(preStop === undefined ? {} : { preStop }) }),
    clusterService('shop'),
    ingress('shop', { host: HOST, service: 'shop', annotations }),
  );
  const pods = (count: number) =>
    eventually(`${count} pods run`, () => {
      const running = kubelet.running('shop');
      return running.length === count ? running : null;
    });
  const first = await pods(replicas);
  // Hosts get servers of their own by reloads; what is tested here is what needs none.
  const gateway = await startGateway({ ...options, flags: ['--compile=never', ...(options.flags ?? [])] });
  const servedBy = async (expected: readonly Pod[], timeoutMs = 20_000) => {
    const names = expected.map(({ name }) => name).toSorted();
    await eventually(
      `answers of ${names.join(', ')} and of nobody else`,
      async () => {
        const seen = new Set<string>();
        for (let i = 0; i < 8 * names.length; i++) {
          seen.add((await gateway.get(HOST)).headers['x-backend'] ?? '');
        }
        return JSON.stringify([...seen].toSorted()) === JSON.stringify(names);
      },
      { timeoutMs },
    );
  };
  await servedBy(first);
  const load = startLoad({ port: gateway.httpPort, host: HOST, connections: 8, rate: 200 });
  after(load.stop);
  return {
    gateway,
    load,
    servedBy,
    async scale(count) {
      await plane.kubectl.run(['scale', 'deployment/shop', `--replicas=${count}`]);
      return pods(count);
    },
    async expectUnbroken(before) {
      const report = await load.stop();
      expect(report.failures).toEqual([]);
      expect(report.ok).toBeGreaterThan(100);
      expect((await gateway.state()).reloads).toBe(before.reloads);
    },
  };
}
