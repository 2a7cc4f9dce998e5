// What Kubernetes says of endpoints and what checks find out, together: rollouts under checks, sessions on pods that end.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { BackendReport } from '../../src/serve/backend-report.ts';
import { eventually } from '../support/eventually.ts';
import { request } from '../support/http-client.ts';
import { watchLateRequests } from './support/late-requests.ts';
import { HOST, openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';
import { deployment } from './support/workloads.ts';

const CHECKED = {
  'health-check': 'http',
  'health-check-path': '/health',
  'health-check-interval': '1',
  'health-check-timeout': '1',
  'upstream-max-fails': '3',
  'load-balance': 'least_conn',
};

testCluster('rolling updates with active checks on lose nothing', { timeoutMs: 240_000 }, async (bed) => {
  const { plane, kubelet } = bed;
  const { gateway, servedBy, expectUnbroken } = await openShop(bed, { replicas: 6, annotations: CHECKED });
  const before = await gateway.settled();
  const requests = watchLateRequests(bed, 'shop', 100, '/');

  for (const version of ['2', '3']) {
    await plane.kubectl.apply(deployment('shop', { replicas: 6, version }));
    await plane.kubectl.run(['rollout', 'status', 'deployment/shop', '--timeout=90s']);
  }
  const updated = kubelet.running('shop');
  await servedBy(updated);
  for (const pod of updated)
    await eventually(`${pod.name} is checked`, () => pod.backend.arrivals('/health').length > 1);
  await eventually('no pod terminates', () => kubelet.pods().every(({ phase }) => phase() !== 'terminating'));
  await expectUnbroken(before);
  expect(requests.left()).toBeGreaterThanOrEqual(12);
  expect(requests.late()).toEqual({});
});

testCluster(
  'a session stays on its terminating pod until it is gone, and nobody new comes',
  {},
  async (bed) => {
    const { plane, kubelet } = bed;
    const { gateway, expectUnbroken } = await openShop(bed, {
      replicas: 2,
      preStop: 4,
      annotations: { affinity: 'cookie', 'affinity-mode': 'persistent' },
    });
    const before = await gateway.settled();
    const first = await gateway.get(HOST);
    const cookie = first.headers['set-cookie']?.toString().split(';')[0] ?? '';
    expect(cookie).toMatch(/^INGRESSCOOKIE=/);
    const whose = async (headers = {}) => (await gateway.get(HOST, { headers })).headers['x-backend'] ?? '';
    const home = kubelet.running('shop').find(({ name }) => name === first.headers['x-backend']);

    await plane.kubectl.run(['delete', `pod/${home?.name}`, '--wait=false']);
    await eventually('it drains', async () => {
      const answer = await request({ port: gateway.adminPort, target: '/state?backend=default/shop' });
      const { backends } = answer.json<{ readonly backends: readonly BackendReport[] }>();
      return (
        backends[0]?.endpoints.find(({ endpoint }) => endpoint.startsWith(`${home?.address}:`))?.state ===
        'draining'
      );
    });
    for (let i = 0; i < 20; i++) {
      expect(await whose({ cookie })).toBe(home?.name);
      expect(await whose()).not.toBe(home?.name);
    }
    await eventually('it is gone', () => home?.phase() === 'gone');
    await sleep(300);
    const next = await whose({ cookie });
    expect(next).not.toBe(home?.name);
    await expectUnbroken(before);
  },
);
