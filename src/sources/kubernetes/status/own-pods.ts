// The pods that serve beside this controller's own: those of its namespace with its labels.

import { z } from 'zod';
import type { Cluster } from '../cluster.ts';
import { ask, describeReply } from '../lease/ask.ts';

/** The pod that this controller runs in. */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
}

export interface Pod {
  readonly name: string;
  /** `''`: not bound yet. */
  readonly node: string;
  /** It runs and is ready, which includes one that was asked to end and has not. */
  readonly isServing: boolean;
  /** It has ended, or failed, and will not run again. */
  readonly isOver: boolean;
}

export type Pods = { readonly pods: readonly Pod[] } | { readonly message: string };

/** From POD_NAMESPACE and POD_NAME, as ingress-nginx has it; null unless both are there. */
export function ownPod(env: Readonly<Record<string, string | undefined>>): OwnPod | null {
  const { POD_NAMESPACE: namespace = '', POD_NAME: name = '' } = env;
  return namespace === '' || name === '' ? null : { namespace, name };
}

/**
 * The own one among them. Labels that the cluster adds to tell pods of one kind apart do not count. Those of a rollout
 * are left out by ingress-nginx's `isRunningMultiplePods` too (where it looks for addresses, they count), since pods of
 * the old and of the new revision serve side by side. Those of a zone come from newer API servers when a pod is bound
 * (seen with 1.37): with them, a pod would take itself for the last of all when it is the last of its zone. A pod
 * without other labels stands for itself, where ingress-nginx takes the whole namespace.
 */
export async function readOwnPods(
  own: OwnPod,
  cluster: Pick<Cluster, 'request'>,
  signal: AbortSignal,
): Promise<Pods> {
  const path = `/api/v1/namespaces/${encodeURIComponent(own.namespace)}/pods`;
  const mine = await ask(cluster, { method: 'GET', path: `${path}/${encodeURIComponent(own.name)}`, signal });
  const found = mine.outcome === 'reply' && mine.status === 200 ? pod.safeParse(mine.body) : null;
  if (found?.success !== true) {
    const shown = `${own.namespace}/${own.name} (POD_NAMESPACE, POD_NAME)`;
    return { message: `the own pod ${shown} cannot be read: ${describeReply(mine)}` };
  }
  const selector = selectorOf(found.data.metadata.labels ?? {});
  if (selector === '') return { pods: [toPod(found.data)] };
  const query = `labelSelector=${encodeURIComponent(selector)}`;
  const reply = await ask(cluster, { method: 'GET', path: `${path}?${query}`, signal });
  const listed = reply.outcome === 'reply' && reply.status === 200 ? podList.safeParse(reply.body) : null;
  if (listed?.success !== true) {
    return { message: `the pods ${selector} in ${own.namespace} cannot be read: ${describeReply(reply)}` };
  }
  return { pods: listed.data.items.map(toPod) };
}

const OF_THE_CLUSTER = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);
const OF_A_PLACE = 'topology.kubernetes.io/';

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => !OF_THE_CLUSTER.has(name) && !name.startsWith(OF_A_PLACE))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

const pod = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({ nodeName: z.string().nullish() }),
  status: z
    .object({
      phase: z.string().nullish(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    })
    .nullish(),
});

const podList = z.object({ items: z.array(pod) });

function toPod({ metadata, spec, status }: z.output<typeof pod>): Pod {
  const phase = status?.phase ?? '';
  const conditions = status?.conditions ?? [];
  const isReady = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return {
    name: metadata.name,
    node: spec.nodeName ?? '',
    isServing: phase === 'Running' && isReady,
    isOver: phase === 'Succeeded' || phase === 'Failed',
  };
}
