// Two controllers of one cluster: one of them writes, both serve, and the other writes when the first is no more.
import { expect } from '@jest/globals';
import { ingress } from '../e2e/support/objects.ts';
import { eventually } from '../support/eventually.ts';
import { expectNews } from './support/news.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService, deployment } from './support/workloads.ts';

testCluster('the writer is killed: the other one writes, and serving asked neither', {}, async (bed) => {
  const { plane, startGateway } = bed;
  await plane.kubectl.apply(
    deployment('shop'),
    clusterService('shop'),
    ingress('shop', { host: 'shop.example', service: 'shop' }),
  );
  const published = async () => {
    const { status } = await plane.kubectl.get('ingress', 'shop');
    return JSON.stringify(status.loadBalancer?.ingress ?? []);
  };
  const start = (address: string) =>
    startGateway({ flags: [`--publish-status-address=${address}`, '--election-ttl=6s'] });
  const first = await start('192.0.2.1');
  await eventually('the first one writes', async () => (await published()) === '[{"ip":"192.0.2.1"}]');
  const second = await start('192.0.2.2');
  for (const gateway of [first, second]) {
    await gateway.answers('shop.example', ({ status }) => status === 200);
  }
  await expectNews(plane, first, 'one-writes');
  await second.answers('one-writes.example', ({ status }) => status === 200);
  expect(await published()).toBe('[{"ip":"192.0.2.1"}]');
  expect(second.controller().log()).not.toContain('leading: status and Events are written here');

  await first.controller().kill();
  await expectNews(plane, second, 'nobody-writes');
  await eventually('the second one writes', async () => (await published()) === '[{"ip":"192.0.2.2"}]', {
    timeoutMs: 30_000,
  });
  // Without its controller nginx goes on with what it had.
  expect((await first.get('shop.example')).status).toBe(200);

  first.startController();
  await first.settled();
  await first.answers('nobody-writes.example', ({ status }) => status === 200);
  expect(await published()).toBe('[{"ip":"192.0.2.2"}]');
});
