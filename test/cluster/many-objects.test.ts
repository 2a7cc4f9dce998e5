// Five thousand Ingresses, each with a Service and a slice of its own. Times, memory and idle CPU are printed, never
// judged.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { askMany } from '../e2e/support/ask.ts';
import { ingress } from '../e2e/support/objects.ts';
import { eventually } from '../support/eventually.ts';
import { createMany } from './support/many-objects.ts';
import { cpuSeconds, memory } from './support/process-usage.ts';
import { testCluster } from './support/test-cluster.ts';
import { deployment } from './support/workloads.ts';

const COUNT = 5000;
const hostOf = (i: number) => `h${i}.example`;

testCluster(`${COUNT} Ingresses, Services and slices`, { timeoutMs: 600_000 }, async (bed) => {
  const { plane, kubelet, startGateway } = bed;
  await plane.kubectl.apply(deployment('app', { replicas: 2 }));
  const pods = await eventually('two pods', () => {
    const running = kubelet.running('app');
    return running.length === 2 ? running : null;
  });
  const podOf = (i: number) => pods[i % 2] ?? { address: '', name: '' };
  const creating = performance.now();
  await createMany(plane.api, COUNT, (i) => ({ host: hostOf(i), address: podOf(i).address }));
  const created = since(creating);

  const begun = performance.now();
  const gateway = await startGateway({ settleMs: 240_000 });
  const settled = since(begun);
  const { hosts } = await gateway.state();
  expect(hosts.compiled + hosts.interpreted).toBe(COUNT);

  const wrong: string[] = [];
  const questions = Array.from({ length: COUNT }, (_, i) => ({ host: hostOf(i) }));
  await askMany(gateway.httpPort, questions, {
    connections: 4,
    onAnswer: ({ host }, { status, backend }) => {
      const { name } = podOf(Number(/\d+/.exec(host)?.[0]));
      if (status !== 200 || backend !== name) wrong.push(`${host}: ${status} ${backend}`);
    },
  });
  expect(wrong).toEqual([]);

  await plane.kubectl.apply(ingress('one-more', { host: 'one-more.example', service: 's0' }));
  const oneMore = await gateway.answers('one-more.example', ({ status }) => status === 200, 60_000);

  // Compiles of the calm kind end some time after the last change.
  await sleep(60_000);
  await gateway.settled(120_000);
  const { pid } = gateway.controller();
  const from = await cpuSeconds(pid);
  await sleep(20_000);
  const idle = (100 * ((await cpuSeconds(pid)) - from)) / 20;
  const restarting = performance.now();
  await gateway.controller().kill();
  gateway.startController();
  const again = await gateway.settled(240_000);
  const measured = {
    createdMs: created,
    settledMs: settled,
    oneMoreMs: oneMore,
    restartedMs: since(restarting),
    idleCpuPercent: Number(idle.toFixed(2)),
    memory: await memory(gateway.controller().pid),
    hosts: { compiled: again.hosts.compiled, interpreted: again.hosts.interpreted },
    connections: plane.gate.open(),
  };
  process.stdout.write(`${COUNT} objects of each kind: ${JSON.stringify(measured)}\n`);
  expect({ pushes: again.pushes, reloads: again.reloads }).toEqual({ pushes: 0, reloads: 0 });
});

function since(begun: number): number {
  return Math.round(performance.now() - begun);
}
