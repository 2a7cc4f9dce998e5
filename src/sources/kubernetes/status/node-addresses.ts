// Where the pods of this controller are: the addresses of the nodes of those that run and are ready.

import { z } from 'zod';
import type { Cluster } from '../cluster.ts';
import { ask, describeReply } from '../lease/ask.ts';
import { type Addresses, sortAddresses, toAddress } from './addresses.ts';
import { inParallel } from './in-parallel.ts';
import { type OwnPod, readOwnPods } from './own-pods.ts';

export interface NodesOptions {
  readonly pod: OwnPod;
  /** `--report-node-internal-ip-address`. */
  readonly internal: boolean;
}

/**
 * No address at all is a failure: it means that nothing is ready, or not said yet, and not that nobody serves. So a
 * start, or a readiness that flaps, takes nothing away from those who read the status. (ingress-nginx writes an empty
 * one then.)
 */
export async function readNodeAddresses(
  { pod, internal }: NodesOptions,
  cluster: Pick<Cluster, 'request'>,
  signal: AbortSignal,
): Promise<Addresses> {
  const read = await readOwnPods(pod, cluster, signal);
  if ('message' in read) return read;
  const serving = read.pods.filter(({ node, isServing }) => isServing && node !== '');
  if (serving.length === 0) return { message: 'none of the pods of this controller is ready' };
  const nodes = [...new Set(serving.map(({ node }) => node))];
  const found: string[] = [];
  const failures: string[] = [];
  await inParallel(nodes, AT_ONCE, async (name) => {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
    const reply = await ask(cluster, { method: 'GET', path, signal });
    const isThere = reply.outcome === 'reply' && reply.status === 200;
    if (isThere) found.push(addressOfNode(reply.body, internal));
    // One that is gone has no address; of any other the address may be what is published.
    else if (reply.outcome !== 'reply' || reply.status !== 404)
      failures.push(`the node ${name} cannot be read: ${describeReply(reply)}`);
    return isThere;
  });
  const [failure] = failures.sort();
  if (failure !== undefined) return { message: failure };
  const addresses = sortAddresses(found.map(toAddress));
  const wanted = internal ? 'an InternalIP' : 'an ExternalIP or InternalIP';
  return addresses.length > 0
    ? { addresses }
    : { message: `none of the nodes ${nodes.sort().join(', ')} has ${wanted}` };
}

const AT_ONCE = 10;

/**
 * As ingress-nginx's `GetNodeIPOrName` (internal/k8s/main.go): the first ExternalIP, else the first InternalIP; with
 * `internal` the first InternalIP and nothing else. `''`: the node has none.
 */
function addressOfNode(body: unknown, internal: boolean): string {
  const parsed = node.safeParse(body);
  const all = parsed.success ? (parsed.data.status?.addresses ?? []) : [];
  const first = (type: string) =>
    all.find((entry) => entry.type === type && entry.address !== '')?.address ?? '';
  return (internal ? '' : first('ExternalIP')) || first('InternalIP');
}

const node = z.object({
  status: z
    .object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish() })
    .nullish(),
});
