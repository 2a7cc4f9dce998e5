// The value of a FastCGI parameter as it may stand in nginx.conf: literal text of a strict alphabet, and variables of
// nginx that say something about the request. `$` means nothing else there.

/**
 * Headers stand in a hash of nginx's that hostile names could overfill, and most of them are the gateway's to say: only
 * two of them may be said otherwise.
 */
export function isParamName(text: string): boolean {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(text)) return false;
  return !text.startsWith('HTTP_') || text === 'HTTP_HOST' || text === 'HTTP_PROXY';
}

/** At most 1,000 characters. */
export function isParamText(text: string): boolean {
  if (text.length > 1_000 || !VALUE.test(text)) return false;
  return (text.match(/\$[a-z_]+/g) ?? []).every((name) => PARAM_VARIABLES.has(name.slice(1)));
}

const VALUE = /^(?:[A-Za-z0-9 ._~/:@=,+&?%-]|\$[a-z_]+(?![A-Za-z0-9_]))*$/;

/** Nothing of the gateway's own: no keys, no folders. */
export const PARAM_VARIABLES: ReadonlySet<string> = new Set([
  'args',
  'content_length',
  'content_type',
  'document_uri',
  'fastcgi_path_info',
  'fastcgi_script_name',
  'host',
  'https',
  'is_args',
  'query_string',
  'remote_addr',
  'remote_port',
  'request_method',
  'request_uri',
  'scheme',
  'server_port',
  'server_protocol',
  'uri',
]);
