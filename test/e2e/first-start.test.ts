// A first start, with nothing on disk: the first files are small and compile no host, so nginx starts soon and serves
// every host from its first answer on. The reload that compiles them follows, and nobody notices it.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { request } from '../support/http-client.ts';
import { ingress, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

const HOSTS = 200;
const ASKERS = 4;
const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i}.example`);

const manifests = (endpoint: string | undefined) => ({
  'hosts.yaml': [
    ...workload('shop', [endpoint ?? '']),
    ...hosts.map((host, i) => ingress(`h${i}`, { host, service: 'shop' })),
  ],
});
const filesOf = (prefix: string) => readFile(join(prefix, 'conf/nginx.conf'), 'utf8');

const watches: Watch[] = [];

testGateway(
  'every host is served from the first answer on, before and while hosts are compiled',
  {
    gateway: ([one]) => ({
      nginx: 'none',
      // A tenth of it is how long an nginx that has started serves before it is reloaded.
      flags: ['--supervise', '--compile-quiet', '20s'],
      manifests: manifests(one?.endpoint),
      prepare: async ({ httpPort }) => void watches.push(watchAll(httpPort)),
    }),
  },
  async ({ gateway }) => {
    const watch = watches.at(-1);
    closeAfterTest(async () => void (await watch?.stop()));
    const served = await gateway.stateWhen('all is served', ({ settledOnce }) => settledOnce, 30_000);
    expect(served).toMatchObject({
      settled: false,
      reloads: 0,
      hosts: { compiled: 0, interpreted: HOSTS },
      waiting: [expect.stringContaining('by a first reload')],
    });
    expect(await filesOf(gateway.prefix)).not.toContain(hosts[0]);
    const [master] = await gateway.proxy.masters();

    const settled = await gateway.settled(30_000);
    expect(settled).toMatchObject({ reloads: 1, pushes: 1, hosts: { compiled: HOSTS, interpreted: 0 } });
    expect(await filesOf(gateway.prefix)).toContain(hosts[0]);
    expect(await gateway.proxy.masters()).toEqual([master]);
    await sleep(300);
    const report = await watch?.stop();
    expect(report?.wrong).toEqual([]);
    expect(report?.answered).toEqual(new Set(hosts));
  },
);

testGateway(
  'an nginx that is started by hand has every host from the first files and documents, with no controller beside it',
  { gateway: ([one]) => ({ nginx: 'none', manifests: manifests(one?.endpoint) }) },
  async ({ gateway }) => {
    await gateway.stateWhen('the files are written', ({ files }) => files !== null);
    await gateway.controller().kill();
    expect(await filesOf(gateway.prefix)).not.toContain(hosts[0]);
    await gateway.proxy.start();
    const statuses = await Promise.all(hosts.map(async (host) => (await gateway.get(host)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));

    gateway.startController();
    const { hosts: counts, reloads } = await gateway.stateWhen(
      'compiled',
      (state) => state.settled && state.hosts.compiled === HOSTS,
    );
    expect({ counts, reloads }).toMatchObject({ counts: { interpreted: 0 }, reloads: 1 });
    expect((await gateway.get('h0.example')).status).toBe(200);
  },
);

interface Watch {
  /** What was no 200, but for connections tried before the first answer: `nginx -t` has the ports open as well. */
  readonly stop: () => Promise<{ readonly wrong: readonly string[]; readonly answered: ReadonlySet<string> }>;
}

/** Asks each host in turn, over connections of their own, without pause. */
function watchAll(port: number): Watch {
  const wrong: string[] = [];
  const answered = new Set<string>();
  let firstAt = Number.POSITIVE_INFINITY;
  let stopped = false;
  let next = 0;
  const ask = async () => {
    while (!stopped) {
      const host = hosts[next++ % HOSTS] ?? '';
      const sentAt = performance.now();
      try {
        const { status } = await request({ port, host });
        firstAt = Math.min(firstAt, performance.now());
        if (status === 200) answered.add(host);
        else wrong.push(`${host}: ${status}`);
      } catch (error) {
        if (sentAt > firstAt) wrong.push(`${host}: ${String(error)}`);
        await sleep(2);
      }
    }
  };
  const asking = Promise.all(Array.from({ length: ASKERS }, ask));
  return {
    async stop() {
      stopped = true;
      await asking;
      return { wrong, answered };
    },
  };
}
