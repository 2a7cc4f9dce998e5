// The global settings: what the ConfigMap of --configmap and the flags decide once for all hosts. Names and
// defaults are those of ingress-nginx's ConfigMap keys. Sizes are bytes, times are seconds unless the name says
// otherwise.

import type { Balancing, PassiveChecks } from './balancing.ts';
import type { Upstream } from './upstream.ts';

export interface Settings {
  // listeners
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Addresses to bind, IPv6 without brackets; empty: every address. (`bind-address`) */
  readonly bindAddresses: readonly string[];
  readonly ipv6: boolean;
  readonly http2: boolean;
  // processes
  readonly workerProcesses: number | 'auto';
  readonly workerShutdownTimeout: number;
  readonly maxWorkerConnections: number;
  /** 0: leave the limit alone. */
  readonly maxWorkerOpenFiles: number;
  readonly errorLogLevel: 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg';
  readonly accessLog: boolean;
  // clients
  readonly keepAlive: number;
  readonly keepAliveRequests: number;
  readonly clientHeaderTimeout: number;
  readonly clientBodyTimeout: number;
  readonly clientHeaderBufferSize: number;
  readonly clientBodyBufferSize: number;
  readonly largeClientHeaderBuffers: { readonly number: number; readonly size: number };
  readonly http2MaxConcurrentStreams: number;
  readonly underscoresInHeaders: boolean;
  readonly ignoreInvalidHeaders: boolean;
  readonly serverTokens: boolean;
  // forwarded headers
  readonly useForwardedHeaders: boolean;
  readonly computeFullForwardedFor: boolean;
  // TLS
  readonly sslProtocols: readonly ('TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3')[];
  readonly sslCiphers: string;
  readonly sslSessionTimeout: number;
  readonly hsts: {
    readonly maxAge: number;
    readonly includeSubdomains: boolean;
    readonly preload: boolean;
  } | null;
  readonly httpRedirectCode: 301 | 302 | 307 | 308;
  readonly noTlsRedirectLocations: readonly string[];
  /** `namespace/name` of the Secret of the default certificate, or null for the self-made one. */
  readonly defaultCertificate: string | null;
  /** Fetch OCSP responses and show them with certificates that have a responder. (`enable-ocsp`) */
  readonly ocspStapling: boolean;
  // upstreams
  readonly upstreamKeepaliveConnections: number;
  readonly upstreamKeepaliveRequests: number;
  readonly upstreamKeepaliveTimeout: number;
  readonly upstreamKeepaliveTime: number;
  readonly proxyConnectTimeout: number;
  readonly proxySendTimeout: number;
  readonly proxyReadTimeout: number;
  // defaults of what annotations set for each Ingress
  readonly defaults: RouteDefaults;
}

/** What a route has when no annotation of its Ingress says otherwise. */
export interface RouteDefaults {
  readonly sslRedirect: boolean;
  readonly forceSslRedirect: boolean;
  readonly profile: Profile;
  /** Attempts in all, the first included; 0: as many as there are endpoints. (`proxy-next-upstream-tries`) */
  readonly nextUpstreamTries: number;
  /** Seconds after which no further attempt starts; 0: no limit. */
  readonly nextUpstreamTimeout: number;
  readonly balancing: Balancing;
  /** Of passive checks that an Ingress asks for by itself. */
  readonly passive: Omit<PassiveChecks, 'maxFails'>;
}

/**
 * What only an nginx directive can say about proxying. A compiled location carries it inline; the interpreter has
 * one named location for each profile in use. Everything else about a route is read from documents by Lua.
 */
export interface Profile {
  /** Bytes of a request body; 0: no limit. */
  readonly bodySize: number;
  readonly requestBuffering: boolean;
  readonly buffering: boolean;
  readonly bufferSize: number;
  readonly buffersNumber: number;
  /** Sorted, without repeats. `off` stands alone. */
  readonly nextUpstream: readonly NextUpstreamCondition[];
  /** Absent: 1.1. */
  readonly httpVersion?: '1.0';
  /** Absent: plain HTTP. */
  readonly upstream?: Upstream;
  /** Lua is told how each request ended: what measuring algorithms and passive checks live on. */
  readonly measured?: true;
}

export const NEXT_UPSTREAM_CONDITIONS = [
  'error',
  'http_403',
  'http_404',
  'http_429',
  'http_500',
  'http_502',
  'http_503',
  'http_504',
  'invalid_header',
  'non_idempotent',
  'off',
  'timeout',
] as const; // prettier-ignore
export type NextUpstreamCondition = (typeof NEXT_UPSTREAM_CONDITIONS)[number];
