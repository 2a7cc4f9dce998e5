// A start while the API is away, or tells only a part: traffic is served from the disk, and nothing that cannot be
// seen is taken for gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { HOST, openShop, type Shop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';

testCluster('everything starts while the API is down', {}, async (bed) => {
  const { plane } = bed;
  const { gateway, load, scale, servedBy } = await openShop(bed);
  await gateway.settled();
  await load.stop();
  await gateway.controller().kill();
  await gateway.proxy.kill();
  await plane.apiServer.kill();

  gateway.startController();
  await gateway.answers(HOST, ({ status }) => status === 200);
  const ready = await gateway.admin('/readyz');
  expect(ready.status).toBe(503);
  for (const kind of ['Ingress', 'Service', 'EndpointSlice', 'Secret', 'IngressClass']) {
    expect(ready.body).toContain(`- ${kind}: not listed yet`);
  }
  expect(ready.body).toMatch(/- Ingress: not listed yet; the API server (closed|reset) the connection/);
  expect(ready.body).toContain('nginx serves what was in force last');
  expect((await gateway.admin('/healthz')).status).toBe(200);

  await plane.startApiServer();
  const state = await gateway.settled(60_000);
  expect({ reloads: state.reloads, pushes: state.pushes }).toEqual({ reloads: 0, pushes: 0 });
  await eventually('ready', async () => (await gateway.admin('/readyz')).status === 200);
  await servedBy(await scale(3));
});

for (const start of ['while it runs', 'at its start'] as const) {
  testCluster(`a kind is forbidden ${start}`, {}, async (bed) => {
    const { plane } = bed;
    const shop = await openShop(bed);
    const { gateway, servedBy, scale } = shop;
    const before = await gateway.settled();
    if (start === 'at its start') await gateway.controller().kill();
    await plane.kubectl.run([
      'patch',
      'clusterrole',
      'ingress-openresty',
      '--type=json',
      '-p',
      WITHOUT_SLICES,
    ]);
    await sleep(1000);
    if (start === 'at its start') gateway.startController();
    else plane.gate.cut();
    await sleep(5000);
    expect((await gateway.get(HOST)).status).toBe(200);
    if (start === 'at its start') {
      expect(await gateway.admin('/readyz')).toMatchObject({
        status: 503,
        body: expect.stringContaining('- EndpointSlice: not listed yet; we may not list EndpointSlice (403)'),
      });
      // Of all that is missing nothing else is named.
      const { waiting } = await gateway.state();
      expect(waiting.filter((reason) => reason.includes('not listed'))).toHaveLength(1);
      expect(waiting[0]).toContain(REMEDY);
    } else {
      const { diagnostics } = await gateway.state();
      const said = diagnostics.find(({ code }) => code === 'watch-forbidden');
      expect(said).toMatchObject({ field: 'EndpointSlice', hint: expect.stringContaining(REMEDY) });
    }
    const { kinds } = await gateway.state();
    expect(kinds.find(({ kind }) => kind === 'EndpointSlice')?.remedy).toBe(REMEDY);
    expect(await gateway.sample('troubled', 'EndpointSlice')).toBe(1);
    expect(await gateway.sample('troubled', 'Ingress')).toBe(0);
    await plane.kubectl.run(['patch', 'clusterrole', 'ingress-openresty', '--type=json', '-p', WITH_SLICES]);
    await servedBy(await scale(3), 60_000);
    await expectNothingFailed(shop, start === 'at its start' ? 0 : before.reloads);
  });
}

const REMEDY =
  'let the controller list and watch endpointslices in the whole cluster, as deploy/kubernetes/rbac.yaml does';
const rule = {
  apiGroups: ['discovery.k8s.io'],
  resources: ['endpointslices'],
  verbs: ['list', 'watch'],
};
const WITHOUT_SLICES = JSON.stringify([
  { op: 'test', path: '/rules/1/resources/0', value: 'endpointslices' },
  { op: 'remove', path: '/rules/1' },
]);
const WITH_SLICES = JSON.stringify([{ op: 'add', path: '/rules/1', value: rule }]);

async function expectNothingFailed({ load, gateway }: Shop, reloads: number): Promise<void> {
  expect((await load.stop()).failures).toEqual([]);
  expect((await gateway.state()).reloads).toBe(reloads);
}
