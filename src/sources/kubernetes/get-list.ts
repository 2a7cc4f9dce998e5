// One page of a list as text: the exchange that listing, and asking for the newest version, have in common.

import type { Cluster } from './cluster.ts';
import { type Failure, refusal, unreachable } from './failure.ts';
import { pathOf, type Resource } from './resource.ts';
import type { Timing } from './timing.ts';

export interface ListRequest {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

export async function getList(
  { cluster, resource, timing, signal }: ListRequest,
  parameters: Parameters<typeof pathOf>[1],
): Promise<{ readonly text: string } | Failure> {
  const { headersTimeout, bodyTimeout } = timing;
  const path = pathOf(resource, parameters);
  const answer = await cluster.request({ method: 'GET', path, signal, headersTimeout, bodyTimeout });
  if (answer.outcome === 'unreachable') return unreachable(answer);
  if (answer.status !== 200) return refusal(answer, `list ${resource.label}`);
  const body = await answer.text();
  return body.outcome === 'unreachable' ? unreachable(body) : { text: body.text };
}
