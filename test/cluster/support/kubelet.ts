// A stand-in for scheduler and kubelets: binds pods to nodes, plays each by a real backend on the pod's own address,
// says so in its status, and ends it as a kubelet would. The API server may go and come: pods go on running.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Api, type ApiError, STRATEGIC, type Thing } from './api.ts';
import { follow } from './follow.ts';

export type Pod = {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  readonly port: number;
  readonly node: string;
  /** Named as the pod is; answers until the pod is gone. */
  readonly backend: Backend;
  readonly phase: () => 'running' | 'terminating' | 'gone';
};

export type Kubelet = {
  /** Every pod that ever ran, oldest first. */
  readonly pods: () => readonly Pod[];
  /** Those that run and are not asked to end, by their label `app`. */
  readonly running: (app: string) => readonly Pod[];
  /** Ends all backends, and with them everything that this has started. */
  readonly close: () => Promise<void>;
};

export type KubeletOptions = {
  /** Node name → zone. */
  readonly nodes?: Readonly<Record<string, string>>;
};

export async function startKubelet(api: Api, { nodes = TWO_ZONES }: KubeletOptions = {}): Promise<Kubelet> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pods = new Map<string, Life>();
  const names = Object.keys(nodes);
  for (const [name, zone] of Object.entries(nodes)) await createNode(api, name, zone);

  const seen = (object: Thing, gone: boolean) => {
    const { uid, name, namespace } = object.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const known = pods.get(uid);
    if (known === undefined && gone) return;
    const life: Life = known ?? { pod: null, phase: 'running', doing: Promise.resolve(), ending: false };
    if (known === undefined) {
      const number = pods.size;
      const node = object.spec.nodeName ?? names[number % names.length];
      pods.set(uid, life);
      then(life, () => begin(api, { life, object, path, node, address: addressOf(number) }, signal));
    }
    if ((object.metadata.deletionTimestamp === undefined && !gone) || life.ending) return;
    life.ending = true;
    if (life.phase === 'running') life.phase = 'terminating';
    then(life, () => end(api, { life, path, preStopMs: gone ? 0 : preStopOf(object) }, signal));
  };
  const following = follow(api, '/api/v1/pods', signal, { onObject: seen });

  const all = () => [...pods.values()].flatMap(({ pod }) => (pod === null ? [] : [pod]));
  return {
    pods: all,
    running: (app) => all().filter(({ labels, phase }) => labels.app === app && phase() === 'running'),
    async close() {
      stopping.abort();
      await following;
      await Promise.all([...pods.values()].map(({ doing }) => doing));
      await Promise.all(all().map(({ backend }) => backend.close()));
    },
  };
}

const TWO_ZONES = { 'node-a': 'zone-a', 'node-b': 'zone-b' };

type Life = {
  pod: Pod | null;
  phase: 'running' | 'terminating' | 'gone';
  /** What is done for this pod, one thing after the other. */
  doing: Promise<void>;
  ending: boolean;
};

type Beginning = {
  readonly life: Life;
  readonly object: Thing;
  readonly path: string;
  readonly node: string;
  readonly address: string;
};

async function begin(
  api: Api,
  { life, object, path, node, address }: Beginning,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, labels = {} } = object.metadata;
  if (object.spec.nodeName === undefined) {
    const target = { apiVersion: 'v1', kind: 'Node', name: node };
    await persist(signal, () =>
      api.call('POST', `${path}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace },
        target,
      }),
    );
  }
  const port = object.spec.containers[0].ports?.[0]?.containerPort ?? 8080;
  const backend = await startBackend({ name, address, port });
  life.pod = { name, namespace, labels, address, port, node, backend, phase: () => life.phase };
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];
  const status = {
    phase: 'Running',
    hostIP: '10.99.0.1',
    hostIPs: [{ ip: '10.99.0.1' }],
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: new Date().toISOString().replace(/\.\d+/, ''),
    conditions: conditions.map((type) => ({ type, status: 'True' })),
  };
  await persist(signal, () => api.call('PATCH', `${path}/status`, { status }, STRATEGIC));
}

async function end(
  api: Api,
  { life, path, preStopMs }: { readonly life: Life; readonly path: string; readonly preStopMs: number },
  signal: AbortSignal,
): Promise<void> {
  await sleep(preStopMs, undefined, { signal }).catch(() => undefined);
  await life.pod?.backend.close();
  life.phase = 'gone';
  await persist(signal, () => api.call('DELETE', `${path}?gracePeriodSeconds=0`));
}

function then(life: Life, act: () => Promise<void>): void {
  life.doing = life.doing.then(act);
  // What went wrong is thrown by `close`.
  life.doing.catch(() => undefined);
}

/** Until it is done, or there is nothing (more) to do it to. */
async function persist(signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await act();
      return;
    } catch (error) {
      const { status } = error as Partial<ApiError>;
      if (status === 404 || status === 409) return;
    }
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
}

/** `lifecycle.preStop.sleep`: how long a pod goes on after it was asked to end. */
function preStopOf(object: Thing): number {
  return 1000 * (object.spec.containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0);
}

/** 10.99.1.1 and on; an address is never given twice. */
function addressOf(number: number): string {
  return `10.99.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}

async function createNode(api: Api, name: string, zone: string): Promise<void> {
  await api.call('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone },
    },
  });
}
