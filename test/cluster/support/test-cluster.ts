// A jest test around a control plane, a kubelet and, when it asks for one, a gateway of its own: logs go into the
// failure, and nothing outlives the test.
import { afterEach, test } from '@jest/globals';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import {
  type ClusterGateway,
  type ClusterGatewayOptions,
  startClusterGateway,
} from './gateway-in-cluster.ts';
import { type Kubelet, type KubeletOptions, startKubelet } from './kubelet.ts';

export type ClusterBed = {
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;
  /** Starts a gateway that is closed after the test. */
  readonly startGateway: (options?: ClusterGatewayOptions) => Promise<ClusterGateway>;
  /** Something else that must not outlive the test; called before all is closed. */
  readonly after: (close: () => Promise<unknown>) => void;
};

export type ClusterBedOptions = { readonly kubelet?: KubeletOptions; readonly timeoutMs?: number };

const closing: (() => Promise<unknown>)[] = [];

// Also after a test that ran out of time.
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
}, 120_000);

export function testCluster(
  name: string,
  { kubelet: kubeletOptions, timeoutMs = 180_000 }: ClusterBedOptions,
  body: (bed: ClusterBed) => Promise<void>,
): void {
  const run = async () => {
    const plane = await startControlPlane();
    closing.push(plane.close);
    const kubelet = await startKubelet(plane.api, kubeletOptions);
    closing.push(kubelet.close);
    const gateways: ClusterGateway[] = [];
    const startGateway = async (options?: ClusterGatewayOptions) => {
      const gateway = await startClusterGateway(plane, options);
      closing.push(gateway.close);
      gateways.push(gateway);
      return gateway;
    };
    try {
      await body({ plane, kubelet, startGateway, after: (close) => void closing.push(close) });
    } catch (error) {
      if (error instanceof Error) {
        for (const gateway of gateways) error.message += `\n\n${await gateway.logs()}`;
        error.message += `\n\n${plane.logs()}`;
      }
      throw error;
    }
  };
  test(name, run, timeoutMs);
}
