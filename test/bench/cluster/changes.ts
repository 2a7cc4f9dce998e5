// Changes written to the API server, timed until every worker of nginx answers accordingly. The clock starts just
// before the request to the API server.

import { setTimeout as sleep } from 'node:timers/promises';

import { probe, type Sighting, watchFor } from './probe.ts';
import { sweep } from './sweep.ts';
import { type Usage, usageBetween, usageOf } from './usage.ts';
import { ADDRESSES, deleteIngress, hostOf, pointAt, postIngress, type World } from './world.ts';

export interface Series {
  /** Of the data plane that is asked. */
  readonly port: number;
  readonly changes: number;
  /** Between two changes. */
  readonly pauseMs: number;
}

/** One service is pointed from one backend to the other and back. */
export async function measureSlicePatch(
  { plane, backends, size }: World,
  { port, changes, pauseMs }: Series,
): Promise<readonly Sighting[]> {
  const target = { port, host: hostOf(size - 1) };
  const now = (await probe(target)).backend === backends[0].name ? 0 : 1;
  const seen: Sighting[] = [];
  for (let i = 1; i <= changes; i++) {
    const wanted = (now + i) % 2;
    const begun = performance.now();
    const patched = pointAt(plane.api, size - 1, ADDRESSES[wanted] ?? '');
    seen.push(await watchFor(target, begun, ({ backend }) => backend === backends[wanted]?.name));
    await patched;
    await sleep(pauseMs);
  }
  return seen;
}

/** One Ingress more, many times; they stay, and are taken away at the end. */
export async function measureIngressPost(
  { plane }: World,
  { port, changes, pauseMs }: Series,
): Promise<readonly Sighting[]> {
  const seen: Sighting[] = [];
  for (let i = 0; i < changes; i++) {
    const host = `added-${port}-${i}.example`;
    const begun = performance.now();
    const posted = postIngress(plane.api, `added-${port}-${i}`, host);
    seen.push(await watchFor({ port, host }, begun, ({ status }) => status === 200));
    await posted;
    await sleep(pauseMs);
  }
  for (let i = 0; i < changes; i++) await deleteIngress(plane.api, `added-${port}-${i}`);
  return seen;
}

export interface Cost {
  /** Milliseconds until all of it was served; to the start of the look that saw it. */
  readonly served: number;
  /** Until the last of it was accepted by the API server. */
  readonly accepted: number;
  readonly reloads: number;
  readonly cpu: Usage;
}

/** Ingresses written as fast as the API server takes them; with what follows when all is calm. */
export async function measureBurst({ plane, gateway }: World, count: number): Promise<Cost> {
  const hosts = Array.from({ length: count }, (_, i) => `burst-${count}-${i}.example`);
  await calm(gateway);
  const before = await gateway.state();
  const usage = await usageOf(gateway);
  const begun = performance.now();
  let accepted = 0;
  const posting = Promise.all(
    hosts.map((host, i) => postIngress(plane.api, `burst-${count}-${i}`, host)),
  ).then(() => {
    accepted = performance.now() - begun;
  });
  let served = 0;
  for (;;) {
    served = performance.now() - begun;
    if ((await sweep(gateway.httpPort, hosts)).ok === count) break;
    if (served > 60_000) throw new Error('a burst was not served');
    await sleep(5);
  }
  await posting;
  await calm(gateway);
  const cpu = usageBetween(usage, await usageOf(gateway));
  const { reloads } = await gateway.state();
  for (let i = 0; i < count; i++) await deleteIngress(plane.api, `burst-${count}-${i}`);
  return { served, accepted, reloads: reloads - before.reloads, cpu };
}

/** Milliseconds of CPU a second while nothing happens. */
export async function measureIdle({ gateway }: World, seconds = 20): Promise<Usage> {
  await calm(gateway);
  const before = await usageOf(gateway);
  await sleep(seconds * 1000);
  const { controller, children, nginx } = usageBetween(before, await usageOf(gateway));
  return { controller: controller / seconds, children: children / seconds, nginx: nginx / seconds };
}

/** Until no compile is due any more: no reload for longer than the schedule may put one off. */
async function calm(gateway: World['gateway']): Promise<void> {
  let { reloads } = await gateway.settled(120_000);
  let since = performance.now();
  while (performance.now() - since < CALM) {
    await sleep(1000);
    const now = (await gateway.settled(120_000)).reloads;
    if (now !== reloads) since = performance.now();
    reloads = now;
  }
}

/** --compile-interval and --compile-quiet are shorter. */
const CALM = 35_000;
