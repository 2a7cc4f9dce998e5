// One Event to the API server: made, or patched where there is one already.

import type { Cluster } from '../cluster.ts';
import { ask, describeReply, member, type Reply } from '../lease/ask.ts';
import { type EventParts, eventPath, newEvent, repeatedEvent } from './event-object.ts';

export type Sent =
  /** `count` is what the server has now. */
  | { readonly outcome: 'made' | 'patched'; readonly count: number }
  /** It was to be patched, and is no more. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'refused'; readonly status: number; readonly message: string }
  /** Worth another try; `unreachable` and 429 say nothing about this Event, other answers (`own`) may. */
  | { readonly outcome: 'again'; readonly own: boolean; readonly pause: number; readonly message: string };

export async function makeEvent(
  cluster: Pick<Cluster, 'request'>,
  parts: EventParts,
  occurrences: number,
  signal: AbortSignal,
): Promise<Sent> {
  const { collection } = eventPath(parts);
  const body = newEvent(parts, occurrences);
  const reply = await ask(cluster, { method: 'POST', path: collection, body, signal });
  if (reply.outcome === 'reply' && reply.status === 409) return patchEvent(cluster, parts, null, signal);
  return judge(reply, 'made', occurrences);
}

/** @param count null: the server's own stays. */
export async function patchEvent(
  cluster: Pick<Cluster, 'request'>,
  parts: EventParts,
  count: number | null,
  signal: AbortSignal,
): Promise<Sent> {
  const reply = await ask(cluster, {
    method: 'PATCH',
    path: eventPath(parts).object,
    contentType: 'application/merge-patch+json',
    body: repeatedEvent(parts, count),
    signal,
  });
  if (reply.outcome === 'reply' && reply.status === 404) return { outcome: 'gone' };
  return judge(reply, 'patched', count ?? 1);
}

function judge(reply: Reply, well: 'made' | 'patched', expected: number): Sent {
  const message = describeReply(reply);
  if (reply.outcome === 'unreachable') return { outcome: 'again', own: false, pause: 0, message };
  const { status, body, retryAfter } = reply;
  if (status === 200 || status === 201) {
    const count = member(body, 'count');
    return { outcome: well, count: typeof count === 'number' ? count : expected };
  }
  if (status === 429) return { outcome: 'again', own: false, pause: retryAfter ?? 0, message };
  if (status >= 500 || status === 409)
    return { outcome: 'again', own: true, pause: retryAfter ?? 0, message };
  return { outcome: 'refused', status, message };
}
