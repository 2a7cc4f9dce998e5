// After the first 200 of a new host, whichever worker gave it, nobody ever gets a 404: not from another worker, not
// while the host is compiled, and not later. Fifty times.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type Load, startLoad } from '../support/load.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress } from './support/objects.ts';
import { oldHost } from './support/old-host.ts';
import { testGateway } from './support/test-gateway.ts';

const TIMES = 50;
const ASKERS = 8;

testGateway(
  'no 404 after the first 200 of a new host, fifty times, under load and through compiles',
  {
    timeoutMs: 240_000,
    gateway: ([one]) => ({
      flags: ['--compile-quiet', '400ms', '--compile-interval', '300ms'],
      manifests: oldHost(one),
    }),
  },
  async ({ gateway }) => {
    const before = await gateway.state();
    const loads: Load[] = [
      startLoad({ port: gateway.httpPort, host: 'old.example', connections: 8, rate: 200 }),
    ];
    const wrong: string[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      const host = `new-${i}.example`;
      const watched = watchFirst(gateway, host);
      await gateway.put(`new-${i}.yaml`, ingress(`new-${i}`, { host, service: 'shop' }));
      wrong.push(...(await watched));
      loads.push(startLoad({ port: gateway.httpPort, host, connections: 2, rate: 4 }));
    }
    const after = await gateway.stateWhen(
      'all are compiled',
      ({ hosts }) => hosts.compiled === TIMES + 1,
      150_000,
    );
    expect(after.reloads).toBeGreaterThan(before.reloads);
    await sleep(300);
    expect(wrong).toEqual([]);
    for (const load of loads) {
      const report = await load.stop();
      expect(report.failures).toEqual([]);
    }
  },
);

/**
 * Asks on many fresh connections at once, so that every worker is asked, until a while after the first 200.
 * @returns what was not 200 among the answers to requests that were sent after it.
 */
async function watchFirst(gateway: Gateway, host: string): Promise<readonly string[]> {
  const begun = performance.now();
  const wrong: string[] = [];
  let first = Number.POSITIVE_INFINITY;
  const ask = async () => {
    while (performance.now() < Math.min(first + 100, begun + 10_000)) {
      const sent = performance.now();
      const { status } = await gateway.get(host);
      if (status === 200) first = Math.min(first, performance.now());
      else if (sent > first) wrong.push(`${host}: ${status} after ${Math.round(sent - first)} ms`);
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, ask));
  if (first === Number.POSITIVE_INFINITY) wrong.push(`${host}: never served`);
  return wrong;
}
