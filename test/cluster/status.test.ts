// Where the cluster is told that Ingresses are served: at the nodes of our pods, and no longer than anybody answers.
import { expect } from '@jest/globals';
import { ingress } from '../e2e/support/objects.ts';
import { eventually } from '../support/eventually.ts';
import { MERGE, type Thing } from './support/api.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { NAMESPACE } from './support/controller-account.ts';
import type { ClusterGateway } from './support/gateway-in-cluster.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService } from './support/workloads.ts';

const FIRST = { POD_NAMESPACE: NAMESPACE, POD_NAME: 'gate-1' };

testCluster('in pods: the addresses of their nodes, until the last one ends', {}, async (bed) => {
  const { plane, startGateway } = bed;
  await giveAddresses(plane, 'node-a', ['InternalIP', '10.99.0.11'], ['ExternalIP', '192.0.2.21']);
  await giveAddresses(plane, 'node-b', ['InternalIP', '10.99.0.12']);
  await plane.kubectl.apply(pod('gate-1', 'node-a'), pod('gate-2', 'node-b'), ...SHOP);
  await plane.kubectl.run([
    'wait',
    '--namespace',
    NAMESPACE,
    '--for=condition=Ready',
    'pod/gate-1',
    'pod/gate-2',
  ]);

  const first = await startGateway({ env: FIRST });
  await publishes(plane, [{ ip: '10.99.0.12' }, { ip: '192.0.2.21' }]);
  expect(await first.controller().stop()).toEqual({ code: 0, signal: null });
  await expectSilence(first);
  expect(await published(plane)).toEqual([{ ip: '10.99.0.12' }, { ip: '192.0.2.21' }]);
  expect(first.controller().log()).toContain('status of Ingresses stays as it is');

  await plane.kubectl.remove('--namespace', NAMESPACE, 'pod/gate-2');
  await eventually('the pod is gone', async () => {
    const { items } = await plane.api.call('GET', `/api/v1/namespaces/${NAMESPACE}/pods`);
    return items.length === 1;
  });
  const last = await startGateway({ env: FIRST, flags: ['--report-node-internal-ip-address'] });
  await publishes(plane, [{ ip: '10.99.0.11' }]);
  expect(await last.controller().stop()).toEqual({ code: 0, signal: null });
  expect(await published(plane)).toEqual([]);
  for (const gateway of [first, last]) expect(gateway.controller().log()).not.toContain('forbidden');
});

testCluster('outside of a pod: while nginx serves on, what is published stays', {}, async (bed) => {
  const { plane, startGateway } = bed;
  await plane.kubectl.apply(...SHOP);
  const flags = ['--publish-status-address=192.0.2.10', '--disable-leader-election'];
  const gateway = await startGateway({ flags });
  await publishes(plane, [{ ip: '192.0.2.10' }]);
  const served = await gateway.get('plain.example');
  await gateway.controller().kill();

  gateway.startController(['--supervise=false']);
  await gateway.settled();
  expect(await gateway.controller().stop()).toEqual({ code: 0, signal: null });
  expect((await gateway.get('plain.example')).status).toBe(served.status);
  expect(await published(plane)).toEqual([{ ip: '192.0.2.10' }]);

  gateway.startController();
  await gateway.settled();
  expect(await gateway.controller().stop()).toEqual({ code: 0, signal: null });
  await expectSilence(gateway);
  expect(await published(plane)).toEqual([]);
});

const SHOP: readonly Thing[] = [
  clusterService('shop'),
  ingress('plain', { host: 'plain.example', service: 'shop' }),
];

/** One that plays the controller: its labels are what counts. */
function pod(name: string, node: string): Thing {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { app: 'gate', 'pod-template-hash': name } },
    spec: { nodeName: node, containers: [{ name: 'gate', image: 'example.test/gate:1' }] },
  };
}

async function giveAddresses(plane: ControlPlane, node: string, ...given: readonly [string, string][]) {
  const addresses = given.map(([type, address]) => ({ type, address }));
  await plane.api.call('PATCH', `/api/v1/nodes/${node}/status`, { status: { addresses } }, MERGE);
}

async function published(plane: ControlPlane): Promise<readonly Thing[]> {
  return (await plane.kubectl.get('ingress', 'plain')).status.loadBalancer.ingress ?? [];
}

async function publishes(plane: ControlPlane, expected: readonly Thing[]): Promise<void> {
  const look = async () => {
    const now = JSON.stringify(await published(plane));
    if (now !== JSON.stringify(expected)) throw new Error(now);
    return true;
  };
  await eventually(`status is ${JSON.stringify(expected)}`, look, { timeoutMs: 20_000, pauseMs: 100 });
}

/** Its nginx has ended with it. */
async function expectSilence(gateway: ClusterGateway): Promise<void> {
  await expect(gateway.get('plain.example')).rejects.toThrow();
  expect(await gateway.proxy.masters()).toEqual([]);
}
