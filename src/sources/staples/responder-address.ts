// Where a responder may be. Its address stands in the tenant's certificate, so it must not lead the controller to
// places that only the controller can reach: unless the operator names networks, only public addresses are asked.

import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Networks (`10.0.0.0/8`) and single addresses besides the public ones. */
export type AllowedNetworks = readonly string[];

/** Addresses of a name; none when it does not resolve. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export type ResponderAddress =
  | { readonly ok: true; readonly url: URL; readonly addresses: readonly string[] }
  /** The message is a sentence's end: "the responder …". */
  | { readonly ok: false; readonly message: string };

/**
 * Of the URL in a certificate: one address of each family at most. Those that were looked at are the ones to connect
 * to: what a name means may change in between.
 */
export async function findResponder(
  text: string,
  allowed: AllowedNetworks,
  resolve: Resolve = resolveByDns,
): Promise<ResponderAddress> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  )
    return { ok: false, message: 'has no address that can be asked over HTTP' };
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const answers = isIP(host) > 0 ? [host] : await resolve(host);
  if (answers.length === 0) return { ok: false, message: 'has a name that does not resolve' };
  const usable = answers.filter((answer) => mayBeAsked(answer, allowed));
  const addresses = [4, 6].flatMap((family) => usable.find((answer) => isIP(answer) === family) ?? []);
  return addresses.length === 0
    ? { ok: false, message: 'is at an address that is not asked (see --ocsp-responder-networks)' }
    : { ok: true, url, addresses };
}

export function mayBeAsked(text: string, allowed: AllowedNetworks): boolean {
  if (!ipaddr.isValid(text) || text.includes('%')) return false;
  const address = ipaddr.process(text);
  if (address.range() === 'unicast') return true;
  return allowed.some((network) => {
    const longest = network.includes(':') ? 128 : 32;
    const [base, bits] = ipaddr.parseCIDR(network.includes('/') ? network : `${network}/${longest}`);
    return base.kind() === address.kind() && address.match(base, bits);
  });
}

/** Not by getaddrinfo, of which four that wait are enough to hold up every reading of files. */
async function resolveByDns(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
