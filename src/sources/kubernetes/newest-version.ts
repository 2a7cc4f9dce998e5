// Has the server gone back in time, as after etcd was restored from a backup? A watch from a version of the future
// is silent until the server has caught up, so this has to be asked.

import type { Cluster } from './cluster.ts';
import { type Failure, refusal, unreachable } from './failure.ts';
import { pathOf, type Resource } from './resource.ts';
import { readVersion } from './standing.ts';
import type { Timing } from './timing.ts';

export interface NewestVersionParts {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

/** False also where versions are no numbers: then nothing can be said. */
export async function isBehind(
  { cluster, resource, timing, signal }: NewestVersionParts,
  known: string,
): Promise<boolean | Failure> {
  const answer = await cluster.request({
    method: 'GET',
    path: pathOf(resource, { limit: '1' }),
    signal,
    headersTimeout: timing.headersTimeout,
    bodyTimeout: timing.bodyTimeout,
  });
  if (answer.outcome === 'unreachable') return unreachable(answer);
  if (answer.status !== 200) return refusal(answer, `list ${resource.label}`);
  const body = await answer.text();
  if (body.outcome === 'unreachable') return unreachable(body);
  const newest = parse(body.text);
  return newest !== null && NUMBER.test(newest) && NUMBER.test(known) && BigInt(newest) < BigInt(known);
}

const NUMBER = /^\d{1,20}$/;

function parse(text: string): string | null {
  try {
    return readVersion(JSON.parse(text));
  } catch {
    return null;
  }
}
