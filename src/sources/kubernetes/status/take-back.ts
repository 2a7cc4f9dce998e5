// The end of what was published: when nobody answers there any more, the addresses leave the Ingresses.

import type { Logger } from 'pino';
import type { Ingress } from '../../../model/kubernetes.ts';
import type { Cluster } from '../cluster.ts';
import type { Leadership } from '../lease/leadership.ts';
import { inParallel } from './in-parallel.ts';
import type { LastOne } from './last-one.ts';
import { writeStatus } from './write-status.ts';

export interface TakeBackParts {
  readonly cluster: Pick<Cluster, 'request'>;
  readonly leadership: Leadership;
  readonly isLast: (signal: AbortSignal) => Promise<LastOne>;
  readonly atOnce: number;
  /** Milliseconds for all of it. */
  readonly endWithin: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/**
 * By the leader only, and only by the last one.
 * @param addresses how many were published: several are taken for several gateways, as in ingress-nginx.
 */
export async function takeBack(
  ingresses: readonly Ingress[],
  addresses: number,
  parts: TakeBackParts,
): Promise<void> {
  const { cluster, leadership, isLast, atOnce, endWithin, log } = parts;
  if (!leadership.isLeader() || ingresses.length === 0) return;
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), endWithin);
  try {
    const others = addresses > 1 ? SEVERAL : await isLast(end.signal);
    if (!others.last) return log.info({ reason: others.reason }, 'status of Ingresses stays as it is');
    const removed = await inParallel(ingresses, atOnce, async (ingress) => {
      if (end.signal.aborted || !leadership.isLeader()) return false;
      const result = await writeStatus(cluster, ingress, [], end.signal);
      if (result.outcome === 'busy') end.abort();
      return result.outcome === 'written' || result.outcome === 'gone';
    });
    const left = ingresses.length - removed;
    if (left > 0) log.warn({ removed, left }, 'status could not be taken back from every Ingress');
    else log.info({ removed }, 'status taken back from the Ingresses');
  } finally {
    clearTimeout(timer);
  }
}

const SEVERAL: LastOne = { last: false, reason: 'several addresses are published: others may serve at them' };
