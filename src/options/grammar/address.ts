// IP addresses and networks. Addresses come out in one spelling, so that equal ones are equal as text.

import ipaddr from 'ipaddr.js';
import { bad, good, type Parse, type Parsed } from './parsed.ts';

/** Four decimal parts, or IPv6 without brackets and zone; IPv6 in its shortest form. */
export const address: Parse<string> = (given) => {
  if (isDecimalIPv4(given)) return good(given);
  if (given.length <= 45 && given.includes(':') && !given.includes('%') && ipaddr.IPv6.isValid(given))
    return good(ipaddr.IPv6.parse(given).toString());
  return bad('an IPv4 or IPv6 address is expected');
};

/** Addresses, separated by commas (spaces around them do not matter); IPv6 with or without brackets. */
export const addressList: Parse<readonly string[]> = (given) =>
  list(given, (item) => address(item.startsWith('[') && item.endsWith(']') ? item.slice(1, -1) : item));

/** Networks `10.0.0.0/8`, or single addresses, separated by commas. */
export const networkList: Parse<readonly string[]> = (given) => list(given, network);

/** Whether a connection to it makes sense: not the unspecified address, broadcast or multicast. */
export function isConnectable(given: string): boolean {
  const range = ipaddr.parse(given).range();
  return range !== 'unspecified' && range !== 'broadcast' && range !== 'multicast';
}

function network(given: string): Parsed<string> {
  const [base = '', bits, ...rest] = given.split('/');
  const parsed = address(base);
  if (!parsed.ok) return parsed;
  if (bits === undefined) return parsed;
  const longest = parsed.value.includes(':') ? 128 : 32;
  return rest.length === 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= longest
    ? good(`${parsed.value}/${Number(bits)}`)
    : bad('a network as 10.0.0.0/8 or fd00::/8 is expected');
}

function list(given: string, item: (text: string) => Parsed<string>): Parsed<readonly string[]> {
  if (given.length > 100_000) return bad('a shorter list is expected');
  const values: string[] = [];
  for (const text of given.split(',')) {
    const parsed = item(text.trim());
    if (!parsed.ok) return parsed;
    if (!values.includes(parsed.value)) values.push(parsed.value);
  }
  return good(values);
}

function isDecimalIPv4(given: string): boolean {
  return given.length <= 15 && ipaddr.IPv4.isValidFourPartDecimal(given) && !/(^|\.)0[0-9]/.test(given);
}
