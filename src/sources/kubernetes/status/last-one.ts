// Whether anybody goes on serving when this controller and its nginx end. What cannot be told counts as yes: an
// address that is published for too long costs less than one that is taken away while others answer at it.

import type { Cluster } from '../cluster.ts';
import { type OwnPod, readOwnPods } from './own-pods.ts';

export type LastOne =
  | { readonly last: true }
  /** The reason as the end of "status stays: …". */
  | { readonly last: false; readonly reason: string };

export interface Company {
  /** Null: not in a pod. */
  readonly pod: OwnPod | null;
  /** Others may take part in the election (no `--disable-leader-election`). */
  readonly elected: boolean;
}

/**
 * In a pod, every other one of its labels that has not ended counts, whether it is ready or on its way out, as in
 * ingress-nginx's `isRunningMultiplePods`; where they cannot be read, it takes back, and this does not.
 */
export async function isLastOne(
  { pod, elected }: Company,
  cluster: Pick<Cluster, 'request'>,
  signal: AbortSignal,
): Promise<LastOne> {
  if (pod === null) return elected ? { last: false, reason: UNKNOWN } : { last: true };
  const read = await readOwnPods(pod, cluster, signal);
  if ('message' in read) return { last: false, reason: read.message };
  const other = read.pods.find(({ name, isOver }) => name !== pod.name && !isOver);
  return other === undefined
    ? { last: true }
    : { last: false, reason: `the pod ${pod.namespace}/${other.name} is there too` };
}

const UNKNOWN =
  'outside of a pod (POD_NAMESPACE, POD_NAME) nobody can count the other controllers; --disable-leader-election says that there are none';
