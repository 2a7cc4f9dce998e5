// A real nginx with our Lua and a configuration as small as the contract between templates and Lua allows.

import { join, resolve } from 'node:path';
import type { Batch } from '../../../src/model/batch.ts';
import { makeAuthority, makeLeaf } from '../../support/certs.ts';
import { type RawRequest, type RawResponse, request } from '../../support/http-client.ts';
import { httpLines, mainLines, type NginxProcess, startNginx } from '../../support/nginx-process.ts';
import { freePorts } from '../../support/ports.ts';
import { encode, MEASURED_PROFILE, PROFILE, STREAMING_PROFILE, UNLIMITED_PROFILE } from './documents.ts';

const LUA_FOLDER = resolve(import.meta.dirname, '../../../lua');

export type GatewayOptions = {
  readonly workers?: number;
  /** Of ingress_documents, as nginx writes sizes. */
  readonly documentsSize?: string;
  readonly filesDigest?: string;
  /** Further lines of the http block: compiled servers. `{port}` and `{prefix}` are replaced. */
  readonly servers?: string;
  /** Below the prefix, before the first start. */
  readonly files?: Readonly<Record<string, string>>;
};

export type Status = {
  readonly v: number;
  readonly instance: { readonly id: string; readonly master: number };
  readonly epoch: number;
  readonly generation: number;
  readonly state: string;
  readonly files: string;
  readonly profiles: readonly string[];
  readonly workers: readonly {
    readonly pid: number;
    readonly epoch: number;
    readonly generation: number;
    readonly shuttingDown: boolean;
  }[];
  readonly loaded: readonly string[];
  readonly applied?: boolean;
  readonly error?: string;
  readonly message?: string;
  readonly needed?: number;
  readonly free?: number;
  readonly documents?: readonly { readonly kind: string; readonly id: string; readonly digest: string }[];
};

export type Answer = { readonly code: number; readonly status: Status };

export type Gateway = NginxProcess & {
  readonly port: number;
  readonly tlsPort: number;
  readonly configure: (options: GatewayOptions) => string;
  /** POST /config of a batch, or of any text. */
  readonly post: (body: Batch | string) => Promise<Answer>;
  readonly get: (query?: string) => Promise<Answer>;
  /** Runs Lua in a worker, with all of our modules: what it returns, as JSON. */
  readonly run: <T>(lua: string) => Promise<T>;
  /** Over the plain port. */
  readonly ask: (host: string, target: string, more?: Partial<RawRequest>) => Promise<RawResponse>;
  readonly close: () => Promise<void>;
};

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority, { names: ['static.invalid'] });
  const nginx = await startNginx({
    config: ({ prefix, nginx: found }) =>
      `${mainLines(found)}${config({ ...options, port, tlsPort, prefix, libraries: httpLines(found, LUA_FOLDER) })}`,
    files: {
      'tls/default.crt': leaf.cert,
      'tls/default.key': leaf.key,
      'control/folder': '',
      'run/folder': '',
      ...options.files,
    },
    waitFor: port,
  });
  const socketPath = join(nginx.prefix, 'control/config.sock');
  const ask: Gateway['ask'] = (host, target, more = {}) => request({ port, host, target, ...more });
  const talk = async (more: Partial<RawRequest>): Promise<Answer> => {
    const response = await request({ port: 0, socketPath, target: '/config', timeoutMs: 30_000, ...more });
    return { code: response.status, status: response.json<Status>() };
  };
  return {
    ...nginx,
    port,
    tlsPort,
    configure: (changed) =>
      `${mainLines(nginx.nginx)}${config({ ...options, ...changed, port, tlsPort, prefix: nginx.prefix, libraries: httpLines(nginx.nginx, LUA_FOLDER) })}`,
    post: (body) => {
      const text = typeof body === 'string' ? body : encode(body);
      return talk({ method: 'POST', ...(text === '' ? {} : { body: text }) });
    },
    get: (query = '') => talk({ target: `/config${query}` }),
    run: async <T>(lua: string) => {
      const response = await request({
        port: 0,
        socketPath,
        target: '/lua',
        method: 'POST',
        body: lua,
        timeoutMs: 60_000,
      });
      if (response.status !== 200) throw new Error(`Lua failed; see ${nginx.prefix}/logs/error.log`);
      return response.json<T>();
    },
    ask,
    close: nginx.cleanup,
  };
}

type ConfigOptions = GatewayOptions & {
  readonly port: number;
  readonly tlsPort: number;
  readonly prefix: string;
  readonly libraries: string;
};

function config(options: ConfigOptions): string {
  const { port, tlsPort, prefix, workers = 2, documentsSize = '4m', filesDigest = 'f1' } = options;
  const servers = (options.servers ?? '').replaceAll('{port}', String(port)).replaceAll('{prefix}', prefix);
  return `
worker_processes ${workers};
worker_shutdown_timeout 10;
events { worker_connections 1024; }
http {
  ${options.libraries}
  lua_shared_dict ingress_version 128k;
  lua_shared_dict ingress_state 4m;
  lua_shared_dict ingress_health 4m;
  lua_socket_log_errors off;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
  lua_shared_dict ingress_documents ${documentsSize};
  init_by_lua_block { ingress = require("ingress"); ingress.init({ files = "${filesDigest}", prefix = "${prefix}", profiles = { "${PROFILE}", "${UNLIMITED_PROFILE}", "${STREAMING_PROFILE}", "${MEASURED_PROFILE}" }, standard = "${UNLIMITED_PROFILE}", shards = 2 }) }
  init_worker_by_lua_block { ingress.init_worker() }
  absolute_redirect on;
  port_in_redirect off;
  proxy_http_version 1.1;
  map $http_host $best_http_host { default $http_host; "" $host; }
  proxy_set_header Host $best_http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_connect_timeout 2;
  proxy_next_upstream_tries 0;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  map $http_x_forwarded_proto $pass_access_scheme { default $http_x_forwarded_proto; "" $scheme; }
  upstream 00_shard { server 0.0.0.1; balancer_by_lua_block { ingress.balance() } keepalive 64; }
  upstream 01_shard { server 0.0.0.1; balancer_by_lua_block { ingress.balance() } keepalive 64; }
  server {
    listen 127.0.0.1:${port} default_server backlog=4096;
    listen 127.0.0.1:${tlsPort} default_server ssl http2 backlog=4096;
    server_name _;
    ssl_certificate ${prefix}/tls/default.crt;
    ssl_certificate_key ${prefix}/tls/default.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
    ssl_prefer_server_ciphers on;
    ssl_certificate_by_lua_block { ingress.certificate() }
    set $route "";
    set $shard "";
    set $rewritten "";
    set $measured "";
    location / {
      client_max_body_size 0;
      set_by_lua_block $shard { return ingress.straight() }
      if ($shard = "") { rewrite_by_lua_block { ingress.route() } }
      proxy_pass http://$shard;
    }
    location @${PROFILE} { client_max_body_size 1m; proxy_pass http://$shard; }
    location @${UNLIMITED_PROFILE} { client_max_body_size 0; proxy_pass http://$shard; }
    location @${MEASURED_PROFILE} { set $measured 1; client_max_body_size 0; log_by_lua_block { ingress.log() } proxy_pass http://$shard; }
    location @${STREAMING_PROFILE} { client_max_body_size 0; proxy_request_buffering off; proxy_buffering off; proxy_pass http://$shard; }
  }
  ${servers}
  server { listen unix:${prefix}/run/404.sock backlog=4096; keepalive_timeout 0; client_max_body_size 0; lingering_close always; return 404; }
  server { listen unix:${prefix}/run/503.sock backlog=4096; keepalive_timeout 0; client_max_body_size 0; lingering_close always; return 503; }
  server {
    listen unix:${prefix}/control/config.sock;
    location = /config { client_max_body_size 64m; content_by_lua_block { ingress.config() } }
    location = /lua { client_max_body_size 1m; client_body_buffer_size 1m; content_by_lua_block { ngx.req.read_body() ngx.print(require("cjson").encode(assert(loadstring(ngx.req.get_body_data()))())) } }
  }
}
`;
}
