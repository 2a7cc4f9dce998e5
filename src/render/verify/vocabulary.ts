// Which directives may be where. Ours: exactly those that the built-in templates use. An override may use any but
// those that run code, read files, or take over what is not the gateway's.

const UPSTREAM_TLS =
  'name server_name protocols ciphers certificate certificate_key verify verify_depth trusted_certificate'.split(
    ' ',
  );

/** Block → directives that our own templates place in it. */
export const OUR_DIRECTIVES: Readonly<Record<string, ReadonlySet<string>>> = {
  main: new Set(
    `load_module worker_processes worker_rlimit_nofile worker_shutdown_timeout pcre_jit pid error_log include
     events http`.split(/\s+/),
  ),
  events: new Set(['worker_connections', 'multi_accept']),
  http: new Set(
    `lua_package_path lua_package_cpath lua_shared_dict lua_socket_log_errors lua_ssl_protocols lua_regex_match_limit
     lua_regex_cache_max_entries init_by_lua_block init_worker_by_lua_block keepalive_timeout keepalive_requests
     client_header_timeout client_header_buffer_size large_client_header_buffers client_body_timeout
     client_body_buffer_size client_max_body_size client_body_temp_path reset_timedout_connection tcp_nopush http2
     http2_max_concurrent_streams underscores_in_headers ignore_invalid_headers merge_slashes server_tokens
     default_type absolute_redirect port_in_redirect ssl_protocols ssl_ciphers ssl_prefer_server_ciphers
     ssl_session_cache ssl_session_timeout ssl_session_tickets ssl_buffer_size map add_header proxy_hide_header
     real_ip_header real_ip_recursive set_real_ip_from proxy_set_header proxy_http_version proxy_redirect
     proxy_connect_timeout proxy_send_timeout proxy_read_timeout proxy_next_upstream proxy_next_upstream_tries
     proxy_next_upstream_timeout proxy_request_buffering proxy_buffering proxy_buffer_size proxy_buffers
     proxy_busy_buffers_size proxy_max_temp_file_size proxy_temp_path fastcgi_temp_path uwsgi_temp_path
     scgi_temp_path log_format access_log uninitialized_variable_warn server_names_hash_max_size
     server_names_hash_bucket_size variables_hash_max_size variables_hash_bucket_size map_hash_bucket_size
     proxy_headers_hash_max_size proxy_headers_hash_bucket_size proxy_ssl_protocols grpc_set_header grpc_hide_header
     grpc_ssl_protocols grpc_connect_timeout grpc_send_timeout grpc_read_timeout grpc_next_upstream_tries
     grpc_next_upstream_timeout fastcgi_hide_header fastcgi_connect_timeout fastcgi_send_timeout fastcgi_read_timeout
     fastcgi_next_upstream_tries fastcgi_next_upstream_timeout server upstream include`.split(/\s+/),
  ),
  server: new Set(
    `listen server_name ssl_certificate ssl_certificate_key ssl_certificate_by_lua_block set location access_log
     keepalive_timeout client_max_body_size lingering_close return`.split(/\s+/),
  ),
  location: new Set(
    `set client_max_body_size client_body_buffer_size proxy_request_buffering proxy_buffering proxy_buffer_size
     proxy_buffers proxy_busy_buffers_size proxy_http_version proxy_next_upstream proxy_pass grpc_buffer_size
     grpc_next_upstream grpc_pass fastcgi_request_buffering fastcgi_buffering fastcgi_buffer_size fastcgi_buffers
     fastcgi_busy_buffers_size fastcgi_max_temp_file_size fastcgi_next_upstream fastcgi_index fastcgi_param
     fastcgi_pass return if set_by_lua_block rewrite_by_lua_block content_by_lua_block log_by_lua_block
     error_log`
      .split(/\s+/)
      .concat(['proxy', 'grpc'].flatMap((prefix) => UPSTREAM_TLS.map((name) => `${prefix}_ssl_${name}`))),
  ),
  upstream: new Set(
    'server balancer_by_lua_block keepalive keepalive_requests keepalive_timeout keepalive_time'.split(' '),
  ),
  if: new Set(['rewrite_by_lua_block']),
  map: new Set(),
};

/** The only Lua that any file carries; `ingress.init` differs in its checked values. */
export const OUR_LUA: ReadonlySet<string> = new Set([
  'ingress.init_worker()',
  'ingress.certificate()',
  'return ingress.straight()',
  'ingress.route()',
  'ingress.admit()',
  'ingress.balance()',
  'ingress.config()',
  'ingress.log()',
]);

export const OUR_INIT =
  /^ingress = require\("ingress"\)\s+ingress\.init\(\{\s+files = "[0-9a-f]*",\s+prefix = "\/[A-Za-z0-9._/+-]*",\s+profiles = \{ (?:"p[0-9a-f]{8}(?:[0-9a-f]{24})?"(?:, )?)* \},\s+standard = "p[0-9a-f]{32}",\s+shards = \d+,\s+\}\)$/;

/** Never, not even in an override: whoever may place a template may not thereby run code in nginx's master. */
export function isForbidden(name: string): boolean {
  return (
    FORBIDDEN.has(name) || /_by_lua(?:_file)?$/.test(name) || /^(?:perl|js)_/.test(name) || name === 'perl'
  );
}

const FORBIDDEN: ReadonlySet<string> = new Set([
  'ssl_engine',
  'alias',
  'root',
  'env',
  'user',
  'daemon',
  'master_process',
]);
