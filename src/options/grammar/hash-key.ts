// What requests are told apart by: text with variables of nginx in it, `$remote_addr` or `${cookie_user}`. Only
// variables that say something about the request: there are others that hold keys and places of the gateway.

import type { HashKey } from '../../model/balancing.ts';
import { bad, good, type Parse } from './parsed.ts';

/** Parts as documents have them, the names of variables in lower case, as nginx looks them up. */
export const hashKey: Parse<HashKey> = (given) => {
  if (given.length > 500 || !/^(?:[A-Za-z0-9_-]|\$\w+|\$\{\w+\})+$/.test(given)) return bad(EXPECTED);
  const parts = (given.match(/[A-Za-z0-9_-]+|\$\w+|\$\{\w+\}/g) ?? []).map((part) =>
    part.startsWith('$') ? part.replace(/[{}]/g, '').toLowerCase() : part,
  );
  const variables = parts.filter((part) => part.startsWith('$')).map((part) => part.slice(1));
  return variables.length > 0 && variables.every(isReadable) ? good(parts) : bad(EXPECTED);
};

const NAMES = [
  'request_uri',
  'uri',
  'args',
  'query_string',
  'host',
  'http_host',
  'remote_addr',
  'binary_remote_addr',
  'scheme',
  'request_method',
  'server_name',
  'server_port',
  'remote_user',
  'request_id',
] as const; // prettier-ignore
const PREFIXES = ['http_', 'cookie_', 'arg_'] as const;

const EXPECTED = `text of letters, digits, "-" and "_" is expected with at least one of the variables ${NAMES.map((name) => `$${name}`).join(', ')}, or one that begins with ${PREFIXES.map((name) => `$${name}`).join(', ')}`;

function isReadable(name: string): boolean {
  return (
    (NAMES as readonly string[]).includes(name) ||
    PREFIXES.some((prefix) => name.startsWith(prefix) && name.length > prefix.length)
  );
}
