// What a FastCGI program is told: the usual parameters of nginx, the headers that upstreams of other protocols get,
// and what the Ingress adds or says otherwise.

interface Param {
  readonly name: string;
  readonly value: string;
}

export interface ParamView extends Param {
  /** Not told at all when it is empty. */
  readonly optional: boolean;
}

/** By name; each once. @param fullForwardedFor X-Forwarded-For is continued, not replaced. */
export function fastCgiParams(own: readonly Param[], fullForwardedFor: boolean): readonly ParamView[] {
  const all = new Map(Object.entries(STANDARD));
  if (fullForwardedFor) all.set('HTTP_X_FORWARDED_FOR', '$full_x_forwarded_for');
  for (const { name, value } of own) all.set(name, value);
  return [...all]
    .map(([name, value]) => ({ name, value, optional: value !== '' && OPTIONAL.has(name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const OPTIONAL: ReadonlySet<string> = new Set([
  'HTTPS',
  'HTTP_X_ORIGINAL_FORWARDED_FOR',
  'HTTP_X_ORIGINAL_FORWARDED_HOST',
]);

/**
 * A header that is named here is not taken from the client. No file names: where programs lie is for them, or for
 * `fastcgi-params-configmap`, to say.
 */
const STANDARD: Readonly<Record<string, string>> = {
  CONTENT_LENGTH: '$content_length',
  CONTENT_TYPE: '$content_type',
  DOCUMENT_URI: '$document_uri',
  GATEWAY_INTERFACE: 'CGI/1.1',
  HTTPS: '$https',
  HTTP_HOST: '$best_http_host',
  // No CGI program behind us shall take a client's header for its proxy.
  HTTP_PROXY: '',
  HTTP_X_FORWARDED_FOR: '$remote_addr',
  HTTP_X_FORWARDED_HOST: '$best_http_host',
  HTTP_X_FORWARDED_PORT: '$pass_port',
  HTTP_X_FORWARDED_PROTO: '$pass_access_scheme',
  HTTP_X_FORWARDED_SCHEME: '$pass_access_scheme',
  HTTP_X_ORIGINAL_FORWARDED_FOR: '$http_x_forwarded_for',
  HTTP_X_ORIGINAL_FORWARDED_HOST: '$http_x_forwarded_host',
  HTTP_X_REAL_IP: '$remote_addr',
  HTTP_X_REQUEST_ID: '$req_id',
  HTTP_X_SCHEME: '$pass_access_scheme',
  QUERY_STRING: '$query_string',
  REDIRECT_STATUS: '200',
  REMOTE_ADDR: '$remote_addr',
  REMOTE_PORT: '$remote_port',
  REQUEST_METHOD: '$request_method',
  REQUEST_SCHEME: '$scheme',
  REQUEST_URI: '$request_uri',
  SCRIPT_NAME: '$fastcgi_script_name',
  SERVER_ADDR: '$server_addr',
  SERVER_NAME: '$host',
  SERVER_PORT: '$server_port',
  SERVER_PROTOCOL: '$server_protocol',
  SERVER_SOFTWARE: 'nginx',
};
