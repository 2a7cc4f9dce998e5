// Which addresses are published: those of a flag, those of a Service, or those of the nodes of our pods, each read as
// ingress-nginx's status.go reads it.

import { z } from 'zod';
import type { PublishedAddress } from '../../../model/kubernetes.ts';
import type { Cluster } from '../cluster.ts';
import { ask, describeReply } from '../lease/ask.ts';
import { type Addresses, sortAddresses, toAddress } from './addresses.ts';
import { type NodesOptions, readNodeAddresses } from './node-addresses.ts';

export type AddressSource =
  /** `--publish-status-address`. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** `--publish-service`. */
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  /** Neither flag, in a pod. */
  | ({ readonly kind: 'nodes' } & NodesOptions)
  /** Status is left alone; why, as the end of "status of Ingresses is not written: …". */
  | { readonly kind: 'none'; readonly reason: string };

export async function readAddresses(
  source: Exclude<AddressSource, { kind: 'none' }>,
  cluster: Pick<Cluster, 'request'>,
  signal: AbortSignal,
): Promise<Addresses> {
  if (source.kind === 'addresses') return { addresses: sortAddresses(source.addresses.map(toAddress)) };
  if (source.kind === 'nodes') return await readNodeAddresses(source, cluster, signal);
  const { namespace, name } = source;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
  const reply = await ask(cluster, { method: 'GET', path, signal });
  const shown = `the Service ${namespace}/${name} of --publish-service`;
  if (reply.outcome === 'unreachable' || reply.status !== 200) {
    return { message: `${shown} cannot be read: ${describeReply(reply)}` };
  }
  const parsed = service.safeParse(reply.body);
  if (!parsed.success) return { message: `${shown} has a type that names no address` };
  return { addresses: sortAddresses(addressesOf(parsed.data)) };
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const service = z.object({
  spec: z.object({
    type: z.enum(['ExternalName', 'ClusterIP', 'NodePort', 'LoadBalancer']),
    externalName: text,
    clusterIP: text,
    externalIPs: z.array(z.string()).nullish(),
  }),
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.object({ ip: text, hostname: text })).nullish() })
        .nullish(),
    })
    .nullish(),
});

function addressesOf({ spec, status }: z.output<typeof service>): readonly PublishedAddress[] {
  const external = (spec.externalIPs ?? []).map((ip) => ({ ip, hostname: '' }));
  switch (spec.type) {
    case 'ExternalName':
      return [{ ip: '', hostname: spec.externalName }];
    case 'ClusterIP':
      return clusterIp(spec.clusterIP);
    case 'NodePort':
      return external.length > 0 ? external : clusterIp(spec.clusterIP);
    case 'LoadBalancer': {
      const given = status?.loadBalancer?.ingress ?? [];
      return [...given.map(({ ip, hostname }) => ({ ip, hostname: ip === '' ? hostname : '' })), ...external];
    }
  }
}

/** A headless Service has the word None there, which the API server would refuse as an address. */
function clusterIp(ip: string): readonly PublishedAddress[] {
  return ip === 'None' ? [] : [{ ip, hostname: '' }];
}
