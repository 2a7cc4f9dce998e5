// Deployments are rolled and scaled under load: no failed request, no reload, nothing for a pod that has left.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { watchLateRequests } from './support/late-requests.ts';
import { HOST, openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';
import { deployment } from './support/workloads.ts';

testCluster('a rolling update, and scaling 1 → 10 → 3 many times', { timeoutMs: 240_000 }, async (bed) => {
  const { plane, kubelet } = bed;
  const { gateway, scale, servedBy, expectUnbroken } = await openShop(bed, { replicas: 3 });
  const before = await gateway.settled();
  const workers = await gateway.proxy.workers();
  const requests = watchLateRequests(bed, 'shop');

  await plane.kubectl.apply(deployment('shop', { replicas: 3, version: '2' }));
  await plane.kubectl.run(['rollout', 'status', 'deployment/shop', '--timeout=60s']);
  const updated = kubelet.running('shop');
  expect(updated.map(({ labels }) => labels.version)).toEqual(['2', '2', '2']);
  await servedBy(updated);

  for (let round = 0; round < 5; round++) {
    for (const replicas of [1, 10, 3]) {
      await scale(replicas);
      await sleep(500);
    }
  }
  await servedBy(await scale(3));
  // The last ones to leave serve on for as long as their preStop hook, 2 s.
  await eventually('no pod terminates', () => kubelet.pods().every(({ phase }) => phase() !== 'terminating'));
  await expectUnbroken(before);
  expect(requests.left()).toBeGreaterThan(40);
  expect(requests.late()).toEqual({});
  expect(await gateway.proxy.workers()).toEqual(workers);
});

testCluster('a terminating pod finishes what it has', {}, async (bed) => {
  const { plane, kubelet } = bed;
  const { gateway, expectUnbroken } = await openShop(bed, { replicas: 2 });
  const before = await gateway.settled();
  const [slow, other] = kubelet.running('shop');
  slow?.backend.behave({ delayMs: 1500 });
  const asked = Array.from({ length: 6 }, () => gateway.get(HOST));
  await sleep(200);
  await plane.kubectl.remove(`pod/${slow?.name}`);
  const byWhom = (await Promise.all(asked)).map(({ status, headers }) => `${status} ${headers['x-backend']}`);
  expect(new Set(byWhom)).toEqual(new Set([`200 ${slow?.name}`, `200 ${other?.name}`]));
  await eventually('the pod is gone', () => slow?.phase() === 'gone');
  await expectUnbroken(before);
});
