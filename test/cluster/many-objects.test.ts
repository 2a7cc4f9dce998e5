// Five thousand Ingresses, each with a Service and a slice of its own. Times, memory and idle CPU are printed, never
// judged.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { askMany } from '../e2e/support/ask.ts';
import { ingress } from '../e2e/support/objects.ts';
import { eventually } from '../support/eventually.ts';
import type { Api, Thing } from './support/api.ts';
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
  await createAll(plane.api, (i) => podOf(i).address);
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
    hosts: again.hosts,
    connections: plane.gate.open(),
  };
  process.stdout.write(`${COUNT} objects of each kind: ${JSON.stringify(measured)}\n`);
  expect({ pushes: again.pushes, reloads: again.reloads }).toEqual({ pushes: 0, reloads: 0 });
});

async function createAll(api: Api, addressOf: (i: number) => string): Promise<void> {
  const numbers = Array.from({ length: COUNT }, (_, i) => i).values();
  const creator = async () => {
    for (const i of numbers) {
      await api.call('POST', '/api/v1/namespaces/default/services', bareService(`s${i}`));
      await api.call('POST', `${DISCOVERY}/endpointslices`, slice(`s${i}`, addressOf(i)));
      await api.call(
        'POST',
        `${NETWORKING}/ingresses`,
        ingress(`i${i}`, { host: hostOf(i), service: `s${i}` }),
      );
    }
  };
  await Promise.all(Array.from({ length: 24 }, creator));
}

const NETWORKING = '/apis/networking.k8s.io/v1/namespaces/default';
const DISCOVERY = '/apis/discovery.k8s.io/v1/namespaces/default';

/** Without a selector: nobody but us writes its slices. */
function bareService(name: string): Thing {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

function slice(service: string, address: string): Thing {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: service,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'test' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
  };
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold anything: the 12th and 13th field are ticks of a hundredth of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memory(pid: number): Promise<Readonly<Record<string, string>>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  const mb = (name: string) => `${Math.round(Number(field(name)) / 1024)} MB`;
  return { peak: mb('VmHWM'), resident: mb('VmRSS') };
}

function since(begun: number): number {
  return Math.round(performance.now() - begun);
}
