// The one request that publishes addresses: a merge patch of the status subresource, so that nothing but the list is
// touched, and with the object's uid, so that a new object of the same name is left alone.

import type { V1Ingress } from '@kubernetes/client-node';
import type { Ingress, PublishedAddress } from '../../../model/kubernetes.ts';
import type { Cluster } from '../cluster.ts';
import { ask, describeReply, member } from '../lease/ask.ts';
import type { MergePatch } from '../sent.ts';
import { toStatus } from './addresses.ts';

export type Written =
  | { readonly outcome: 'written' }
  /** The object is gone, or another one has its name; so is the task. */
  | { readonly outcome: 'gone' }
  /** Of this object only. */
  | { readonly outcome: 'failed'; readonly message: string; readonly status: number }
  /** Of the server: others would fare no better now. */
  | { readonly outcome: 'busy'; readonly message: string; readonly pause: number };

export async function writeStatus(
  cluster: Pick<Cluster, 'request'>,
  ingress: Ingress,
  addresses: readonly PublishedAddress[],
  signal: AbortSignal,
): Promise<Written> {
  const { namespace, name, uid } = ingress.metadata;
  const reply = await ask(cluster, {
    method: 'PATCH',
    path: `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/ingresses/${encodeURIComponent(name)}/status?fieldManager=ingress-openresty`,
    contentType: 'application/merge-patch+json',
    body: {
      ...(uid === undefined ? {} : { metadata: { uid } }),
      status: { loadBalancer: { ingress: toStatus(addresses) } },
    } satisfies MergePatch<V1Ingress>,
    signal,
  });
  const message = describeReply(reply);
  if (reply.outcome === 'unreachable') return { outcome: 'busy', message, pause: 0 };
  const { status, retryAfter } = reply;
  if (status === 200) return { outcome: 'written' };
  if (status === 404 || isOfAnotherLife(reply.body)) return { outcome: 'gone' };
  if (status === 429 || status === 503) return { outcome: 'busy', message, pause: retryAfter ?? 0 };
  return { outcome: 'failed', message, status };
}

/** A uid does not change: the API server refuses the patch as an invalid change of that field. */
function isOfAnotherLife(body: unknown): boolean {
  const causes = member(body, 'details', 'causes');
  return Array.isArray(causes) && causes.some((cause) => member(cause, 'field') === 'metadata.uid');
}
