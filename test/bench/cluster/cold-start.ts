// From the launch of the controller, with nothing on disk and no nginx, to an answer of each host.

import { setTimeout as sleep } from 'node:timers/promises';

import { probe } from './probe.ts';
import { sweep } from './sweep.ts';
import { hostOf, type World } from './world.ts';

export interface ColdStart {
  /** Milliseconds to the first 200. */
  readonly first: number;
  /** … to the start of the first look in which every host answered 200. */
  readonly all: number;
  /** Looks after the first 200 in which some host did not answer 200, and the worst of them. */
  readonly partialLooks: number;
  readonly mostMissing: number;
}

export async function measureColdStart({ gateway, hosts, size }: World): Promise<ColdStart> {
  const begun = performance.now();
  gateway.startController();
  const target = { port: gateway.httpPort, host: hostOf(size - 1) };
  while ((await probe(target)).status !== 200) {
    if (performance.now() - begun > 120_000) throw new Error(`no host was served: ${await gateway.logs()}`);
    await sleep(3);
  }
  const first = performance.now() - begun;
  let partialLooks = 0;
  let mostMissing = 0;
  for (;;) {
    const started = performance.now();
    const { ok } = await sweep(gateway.httpPort, hosts);
    if (ok === hosts.length) return { first, all: started - begun, partialLooks, mostMissing };
    if (started - begun > 120_000) throw new Error(`${hosts.length - ok} hosts are still not served`);
    partialLooks += 1;
    mostMissing = Math.max(mostMissing, hosts.length - ok);
  }
}
