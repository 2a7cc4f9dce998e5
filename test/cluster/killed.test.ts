// The controller is killed at ten random moments of a busy minute: traffic goes on, the state converges, and nothing
// is reloaded that did not have to be.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { ingress, tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';

const KILLS = 10;

testCluster(
  `the controller is killed ${KILLS} times in a busy minute`,
  { timeoutMs: 300_000 },
  async (bed) => {
    const { plane, kubelet } = bed;
    const { kubectl } = plane;
    const authority = await makeAuthority();
    const certificate = () => makeLeaf(authority, { names: ['safe.example'] });
    await kubectl.apply(
      tlsSecret('safe', await certificate()),
      ingress('safe', { host: 'safe.example', service: 'shop', tls: 'safe' }),
    );
    // A pod that is gone before the controller is back is one that nobody could know of. So pods go on for longer
    // than two starts in a row take, as pods behind any load balancer have to.
    const { gateway, load, scale, servedBy } = await openShop(bed, { preStop: 12 });
    await gateway.settled();
    const workers = await gateway.proxy.workers();

    let busy = true;
    let rounds = 0;
    let wanted = await certificate();
    const work = async () => {
      for (; busy; rounds++) {
        await kubectl.apply(ingress(`round-${rounds}`, { host: `round-${rounds}.example`, service: 'shop' }));
        if (rounds >= 3) await kubectl.remove(`ingress/round-${rounds - 3}`);
        await scale(1 + (rounds % 4));
        wanted = await certificate();
        await kubectl.apply(tlsSecret('safe', wanted));
      }
    };
    const working = work();
    const pauses: number[] = [];
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const pause = Math.round(1000 + Math.random() * 8000);
        pauses.push(pause);
        await sleep(pause);
        await gateway.controller().kill();
        gateway.startController();
      }
    } finally {
      busy = false;
      await working;
    }
    // Named so that a failure can be repeated.
    process.stdout.write(`${rounds} rounds of changes; killed after pauses of ${pauses.join(', ')} ms\n`);

    await servedBy(kubelet.running('shop'), 30_000);
    for (let round = Math.max(0, rounds - 3); round < rounds; round++) {
      await gateway.answers(`round-${round}.example`, ({ status }) => status === 200);
    }
    for (let round = 0; round < rounds - 3; round++) {
      expect((await gateway.get(`round-${round}.example`)).status).toBe(404);
    }
    await eventually('the last certificate', async () => {
      const tls = { servername: 'safe.example', ca: authority.cert };
      const answer = await gateway.getTls('safe.example', { tls });
      return answer.certificate?.raw.toString('base64') === pemBody(wanted.cert);
    });
    expect((await load.stop()).failures).toEqual([]);
    expect(await gateway.proxy.workers()).toEqual(workers);

    // Those that drain are known, and their leaving is a change.
    const drained = () => kubelet.pods().every(({ phase }) => phase() !== 'terminating');
    await eventually('no pod terminates', drained, { timeoutMs: 30_000 });
    await sleep(500); // the last of it is on its way
    await gateway.settled();
    await gateway.controller().kill();
    gateway.startController();
    await gateway.settled();
    // Long enough for whatever a start might do late.
    await sleep(2000);
    const quiet = await gateway.state();
    expect({ reloads: quiet.reloads, pushes: quiet.pushes }).toEqual({ reloads: 0, pushes: 0 });
  },
);

function pemBody(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}
