// The entries of `status.loadBalancer.ingress`: one spelling and one order, so that equal ones are equal.

import { isIP } from 'node:net';
import type { V1IngressLoadBalancerIngress } from '@kubernetes/client-node';
import type { PublishedAddress } from '../../../model/kubernetes.ts';
import type { Sent } from '../sent.ts';

/** What was found to publish, sorted. A failure is none: what was published before stays. */
export type Addresses = { readonly addresses: readonly PublishedAddress[] } | { readonly message: string };

/** As ingress-nginx does: whatever is no IP address is a host name. */
export function toAddress(text: string): PublishedAddress {
  return isIP(text) === 0 ? { ip: '', hostname: text } : { ip: text, hostname: '' };
}

/** By host name, then by address; empty ones and repeats left out. */
export function sortAddresses(addresses: readonly PublishedAddress[]): readonly PublishedAddress[] {
  const byKey = new Map(addresses.map((address) => [keyOf(address), address]));
  byKey.delete(keyOf({ ip: '', hostname: '' }));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, address]) => address);
}

/** Two lists of the same key publish the same. */
export function addressesKey(addresses: readonly PublishedAddress[]): string {
  return sortAddresses(addresses).map(keyOf).join(' ');
}

/** As the API writes it: only the field that is given. Null removes the list. */
export function toStatus(
  addresses: readonly PublishedAddress[],
): readonly Sent<V1IngressLoadBalancerIngress>[] | null {
  if (addresses.length === 0) return null;
  return addresses.map(({ ip, hostname }) => (ip === '' ? { hostname } : { ip }));
}

function keyOf({ ip, hostname }: PublishedAddress): string {
  return `${hostname} ${ip}`;
}
