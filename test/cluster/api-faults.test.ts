// The way to the API fails in every way it can, under load: no request fails, what changed meanwhile arrives, and
// nothing is deleted that was not.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { ingress } from '../e2e/support/objects.ts';
import { openShop, type Shop } from './support/shop.ts';
import { type ClusterBed, testCluster } from './support/test-cluster.ts';

const minutes = (count: number) => ({ timeoutMs: count * 60_000 });

testCluster('the API server is stopped for a minute', minutes(4), async (bed) => {
  const { plane } = bed;
  const { shop, changes } = await prepare(bed);
  const before = await shop.gateway.settled();
  await plane.apiServer.stop();
  await sleep(60_000);
  expect(await shop.gateway.state()).toMatchObject(inForce(before));
  await plane.startApiServer();
  await changes.make();
  await changes.arrive('after the API server was back');
  await shop.expectUnbroken(before);
});

testCluster(
  'the API server is restarted, and what the controller knows is forgotten (410)',
  minutes(3),
  async (bed) => {
    const { plane } = bed;
    const { shop, changes } = await prepare(bed);
    const before = await shop.gateway.settled();
    const { metadata } = await plane.api.call('GET', SLICES);
    plane.gate.refuse();
    await changes.make();
    await plane.compact();
    await plane.apiServer.kill();
    await plane.startApiServer();
    // That it is forgotten indeed.
    const from = `${SLICES}?watch=1&resourceVersion=${metadata.resourceVersion}`;
    for await (const event of plane.api.watch(from, AbortSignal.timeout(40_000))) {
      expect(event).toMatchObject({ type: 'ERROR', object: { code: 410 } });
      break;
    }
    plane.gate.admit();
    await changes.arrive('after the way was open again', 60_000);
    await shop.expectUnbroken(before);
  },
);

testCluster('the watches stall without a FIN', minutes(5), async (bed) => {
  const { shop, changes } = await prepare(bed);
  const before = await shop.gateway.settled();
  bed.plane.gate.stall();
  await changes.make();
  // Nothing tells the two ends of the connection; that nothing comes any more has to be noticed by itself.
  await changes.arrive('after the stall had begun', 150_000);
  await shop.expectUnbroken(before);
});

testCluster('the API server hangs with its connections open', minutes(4), async (bed) => {
  const { plane } = bed;
  const { shop, changes } = await prepare(bed);
  const before = await shop.gateway.settled();
  plane.apiServer.pause();
  await sleep(45_000);
  expect(await shop.gateway.state()).toMatchObject(inForce(before));
  plane.apiServer.resume();
  await changes.make();
  await changes.arrive('after the API server went on', 60_000);
  await shop.expectUnbroken(before);
});

testCluster('the token is revoked, and renewed', minutes(4), async (bed) => {
  const { plane } = bed;
  const { shop, changes } = await prepare(bed);
  const before = await shop.gateway.settled();
  await plane.account.revoke();
  // For so long the API server remembers that it has accepted a token.
  await sleep(12_000);
  plane.gate.cut();
  await changes.make();
  await sleep(5_000);
  // It was refused indeed: else the test would prove nothing.
  expect((await shop.gateway.get(ADDED)).status).toBe(404);
  expect(await shop.gateway.state()).toMatchObject(inForce(before));
  await plane.account.renew();
  await changes.arrive('after the token was renewed', 60_000);
  await shop.expectUnbroken(before);
});

const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const [KEPT, REMOVED, ADDED] = ['kept.example', 'removed.example', 'added.example'];

type Changes = {
  readonly make: () => Promise<void>;
  /** Each within `timeoutMs`; what was not changed is as it was. */
  readonly arrive: (since: string, timeoutMs?: number) => Promise<void>;
};

/** A shop of two pods with two further hosts; the changes are one host less, one more, and a third pod. */
async function prepare(bed: ClusterBed): Promise<{ readonly shop: Shop; readonly changes: Changes }> {
  const { kubectl } = bed.plane;
  for (const host of [KEPT, REMOVED]) await kubectl.apply(hostOf(host));
  const shop = await openShop(bed, { replicas: 2 });
  for (const host of [KEPT, REMOVED]) await shop.gateway.answers(host, ({ status }) => status === 200);
  let madeAt = 0;
  const changes: Changes = {
    async make() {
      await kubectl.apply(hostOf(ADDED));
      await kubectl.remove(`ingress/${name(REMOVED)}`);
      await shop.scale(3);
      madeAt = performance.now();
    },
    async arrive(since, timeoutMs = 20_000) {
      const begun = performance.now();
      const left = () => Math.max(1, timeoutMs - (performance.now() - begun));
      await shop.gateway.answers(ADDED, ({ status }) => status === 200, left());
      await shop.gateway.answers(REMOVED, ({ status }) => status === 404, left());
      await shop.servedBy(bed.kubelet.running('shop'), left());
      const passed = performance.now();
      const ms = [passed - begun, passed - madeAt].map(Math.round);
      process.stdout.write(`all changes arrived ${ms[0]} ms ${since}, ${ms[1]} ms after they were made\n`);
      expect((await shop.gateway.get(KEPT)).status).toBe(200);
    },
  };
  return { shop, changes };
}

function hostOf(host: string) {
  return ingress(name(host), { host, service: 'shop' });
}

function name(host: string): string {
  return host.slice(0, host.indexOf('.'));
}

/** As long as nothing is known to have changed, nothing changes. */
function inForce({ epoch, generation, reloads, hosts }: Awaited<ReturnType<Shop['gateway']['state']>>) {
  return { epoch, generation, reloads, hosts };
}
