// Where a responder may be. Its address stands in the tenant's certificate, so it must not lead the controller to
// places that only the controller can reach: unless the operator names networks, only public addresses are asked.

import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Networks (`10.0.0.0/8`) and single addresses besides the public ones. */
export type AllowedNetworks = readonly string[];

export type ResponderAddress =
  | { readonly ok: true; readonly url: URL; readonly address: string }
  /** The message is a sentence's end: "the responder …". */
  | { readonly ok: false; readonly message: string };

/** Of the URL in a certificate. The address that was looked at is the one to connect to: a name may change. */
export async function findResponder(text: string, allowed: AllowedNetworks): Promise<ResponderAddress> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    return { ok: false, message: 'has no address that can be asked over HTTP' };
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const answers = isIP(host) > 0 ? [host] : await addressesOf(host);
  if (answers === null) return { ok: false, message: 'has a name that does not resolve' };
  const address = answers.find((answer) => mayBeAsked(answer, allowed));
  return address === undefined
    ? { ok: false, message: 'is at an address that is not asked (see --ocsp-responder-networks)' }
    : { ok: true, url, address };
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

async function addressesOf(name: string): Promise<readonly string[] | null> {
  try {
    return (await systemLookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return null;
  }
}
