// What kubectl applies is served over HTTP and HTTPS, and the cluster is told where, and what is wrong.
import { expect } from '@jest/globals';
import { ingress, tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import type { Thing } from './support/api.ts';
import { NAMESPACE } from './support/controller-account.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService, deployment } from './support/workloads.ts';

const ADDRESS = '192.0.2.10';

testCluster(
  'Ingress, Deployment, Service and Secret are served; status and events are written',
  {},
  async (bed) => {
    const { plane, kubelet, startGateway } = bed;
    const { kubectl } = plane;
    const gateway = await startGateway({ flags: [`--publish-status-address=${ADDRESS}`] });
    const authority = await makeAuthority();
    const leaf = () => makeLeaf(authority, { names: ['safe.example'] });
    await kubectl.apply(
      deployment('shop'),
      clusterService('shop'),
      tlsSecret('safe', await leaf()),
      ingress('plain', { host: 'plain.example', service: 'shop' }),
      ingress('safe', { host: 'safe.example', service: 'shop', tls: 'safe' }),
    );
    const plain = await gateway.answers('plain.example', ({ status }) => status === 200);
    process.stdout.write(`served ${plain} ms after kubectl had returned\n`);
    const [pod] = kubelet.running('shop');
    const overTls = () =>
      gateway.getTls('safe.example', { tls: { servername: 'safe.example', ca: authority.cert } });
    const safe = await eventually('HTTPS', async () => {
      const answer = await overTls();
      return answer.status === 200 ? answer : null;
    });
    expect(safe.headers['x-backend']).toBe(pod?.name);
    expect((await gateway.get('safe.example')).status).toBe(308);

    for (const name of ['plain', 'safe']) {
      await eventually(`status of ${name}`, async () => {
        const { status } = await kubectl.get('ingress', name);
        return JSON.stringify(status.loadBalancer) === JSON.stringify({ ingress: [{ ip: ADDRESS }] });
      });
    }
    const leases = await plane.api.call('GET', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`);
    expect(leases.items.map(({ spec }: Thing) => spec.holderIdentity)).toEqual([expect.stringMatching(/./)]);

    const before = await gateway.settled();
    await kubectl.apply(tlsSecret('safe', await leaf()));
    await eventually('the new certificate', async () => {
      const { certificate } = await overTls();
      return certificate?.fingerprint256 !== safe.certificate?.fingerprint256;
    });
    expect((await gateway.state()).reloads).toBe(before.reloads);

    await kubectl.apply(ingress('lost', { host: 'lost.example', service: 'nowhere' }));
    await eventually('an event about the Ingress without a Service', async () => {
      const { items } = await kubectl.get('events', '--field-selector=involvedObject.name=lost');
      return items.some(
        ({ type, involvedObject }: Thing) => type === 'Warning' && involvedObject.kind === 'Ingress',
      );
    });

    await kubectl.remove('ingress/plain');
    await gateway.answers('plain.example', ({ status }) => status === 404);
    expect((await overTls()).status).toBe(200);
  },
);

testCluster('only the namespaces that are asked for are served', {}, async ({ plane, startGateway }) => {
  const labelled = (name: string, labels: Readonly<Record<string, string>>) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  const shopIn = (space: string) =>
    [
      deployment('shop'),
      clusterService('shop'),
      ingress('shop', { host: `${space}.example`, service: 'shop' }),
    ].map((object: Thing) => ({ ...object, metadata: { ...object.metadata, namespace: space } }));
  await plane.kubectl.apply(labelled('ours', { gateway: 'yes' }), labelled('theirs', {}));
  await plane.kubectl.apply(...shopIn('ours'), ...shopIn('theirs'));
  const gateway = await startGateway({ flags: ['--watch-namespace-selector=gateway=yes'] });
  await gateway.answers('ours.example', ({ status }) => status === 200);
  expect((await gateway.get('theirs.example')).status).toBe(404);

  await plane.kubectl.run(['label', 'namespace/theirs', 'gateway=yes']);
  await gateway.answers('theirs.example', ({ status }) => status === 200);
  await plane.kubectl.run(['label', 'namespace/ours', 'gateway-']);
  await gateway.answers('ours.example', ({ status }) => status === 404);
});
