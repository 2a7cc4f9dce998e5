// Which external names may be looked up, and which of the answers may be used. As ingress-nginx does, nothing leads
// to the gateway's own machine: loopback, link-local (cloud metadata) and unspecified addresses are refused.

import ipaddr from 'ipaddr.js';
import { quoteText } from '../../model/diagnostic.ts';

export type NameCheck =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name' }
  | NameProblem;

export interface NameProblem {
  readonly kind: 'refused' | 'failed';
  readonly message: string;
  readonly hint: string;
}

export function checkName(name: string): NameCheck {
  if (ipaddr.IPv4.isValidFourPartDecimal(name) || ipaddr.IPv6.isValid(name)) {
    const address = usableAddress(name);
    return address === null ? refusedAddress(name) : { kind: 'address', address };
  }
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (/^(?:.*\.)?localhost$/i.test(bare)) return refusedAddress(name);
  // A last label of digits is an address in one of its old spellings (127.1, 0x7f.1).
  if (bare.length > 253 || !DNS_NAME.test(bare) || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(bare)) {
    return {
      kind: 'refused',
      message: `${quoteText(name)} is not a DNS name; nothing is served from it`,
      hint: 'Give a name such as db.example.com, without scheme and port.',
    };
  }
  return { kind: 'name' };
}

/** The usable ones of a lookup's answers in one spelling, sorted, without repeats. */
export function usableAddresses(answers: readonly string[]): readonly string[] {
  const usable = answers.map(usableAddress).filter((address) => address !== null);
  return [...new Set(usable)].sort();
}

export function refusedAddress(name: string): NameProblem {
  return {
    kind: 'refused',
    message: `${quoteText(name)} leads to a loopback, link-local or unspecified address; these are not served`,
    hint: 'Name an address that other machines can reach as well.',
  };
}

const DNS_NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/i;
const REFUSED: ReadonlySet<string> = new Set([
  'loopback',
  'linkLocal',
  'unspecified',
  'broadcast',
  'multicast',
]);

function usableAddress(text: string): string | null {
  if (!ipaddr.isValid(text)) return null;
  const address = ipaddr.process(text);
  // A zone (`fe80::1%eth0`) only means something for link-local addresses.
  return REFUSED.has(address.range()) ? null : address.toString();
}
