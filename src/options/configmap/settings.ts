// From values of keys to Settings, where the two are not the same thing.

import type { Algorithm, PassiveChecks } from '../../model/balancing.ts';
import type { RouteDefaults, Settings } from '../../model/settings.ts';
import type { BALANCING_KEYS } from './balancing.ts';
import type { CLIENT_KEYS } from './clients.ts';
import type { ConfigKey } from './declaration.ts';
import type { LISTENER_KEYS } from './listeners.ts';
import type { TLS_KEYS } from './tls.ts';
import type { UPSTREAM_KEYS } from './upstreams.ts';

/** What flags decide. */
export interface SettingsBase {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly ipv6: boolean;
  /** `namespace/name`, or `''`. */
  readonly defaultSslCertificate: string;
}

type Keys = typeof LISTENER_KEYS &
  typeof CLIENT_KEYS &
  typeof TLS_KEYS &
  typeof UPSTREAM_KEYS &
  typeof BALANCING_KEYS;

export type ConfigValues = {
  readonly [K in keyof Keys]: Keys[K] extends ConfigKey<infer T> ? T : never;
};

export function settingsOf(values: ConfigValues, base: SettingsBase): Settings {
  return {
    httpPort: base.httpPort,
    httpsPort: base.httpsPort,
    bindAddresses: values.bindAddresses,
    ipv6: base.ipv6 && !values.disableIpv6,
    http2: values.http2,
    workerProcesses: values.workerProcesses,
    workerShutdownTimeout: values.workerShutdownTimeout,
    maxWorkerConnections: values.maxWorkerConnections,
    maxWorkerOpenFiles: values.maxWorkerOpenFiles,
    errorLogLevel: values.errorLogLevel,
    accessLog: !values.disableAccessLog && !values.disableHttpAccessLog,
    keepAlive: values.keepAlive,
    keepAliveRequests: values.keepAliveRequests,
    clientHeaderTimeout: values.clientHeaderTimeout,
    clientBodyTimeout: values.clientBodyTimeout,
    clientHeaderBufferSize: values.clientHeaderBufferSize,
    clientBodyBufferSize: values.clientBodyBufferSize,
    largeClientHeaderBuffers: values.largeClientHeaderBuffers,
    http2MaxConcurrentStreams: values.http2MaxConcurrentStreams,
    underscoresInHeaders: values.underscoresInHeaders,
    ignoreInvalidHeaders: values.ignoreInvalidHeaders,
    serverTokens: values.serverTokens,
    useForwardedHeaders: values.useForwardedHeaders,
    computeFullForwardedFor: values.computeFullForwardedFor,
    sslProtocols: values.sslProtocols,
    sslCiphers: values.sslCiphers,
    sslSessionTimeout: values.sslSessionTimeout,
    hsts: values.hsts
      ? {
          maxAge: values.hstsMaxAge,
          includeSubdomains: values.hstsIncludeSubdomains,
          preload: values.hstsPreload,
        }
      : null,
    httpRedirectCode: values.httpRedirectCode,
    noTlsRedirectLocations: values.noTlsRedirectLocations,
    defaultCertificate: base.defaultSslCertificate === '' ? null : base.defaultSslCertificate,
    ocspStapling: values.ocspStapling,
    upstreamKeepaliveConnections: values.keepaliveConnections,
    upstreamKeepaliveRequests: values.keepaliveRequests,
    upstreamKeepaliveTimeout: values.keepaliveTimeout,
    upstreamKeepaliveTime: values.keepaliveTime,
    proxyConnectTimeout: values.connectTimeout,
    proxySendTimeout: values.sendTimeout,
    proxyReadTimeout: values.readTimeout,
    defaults: {
      sslRedirect: values.sslRedirect,
      forceSslRedirect: values.forceSslRedirect,
      profile: {
        bodySize: values.bodySize,
        requestBuffering: values.requestBuffering,
        buffering: values.buffering,
        bufferSize: values.bufferSize,
        buffersNumber: values.buffersNumber,
        nextUpstream: withNonIdempotent(values),
      },
      nextUpstreamTries: values.nextUpstreamTries,
      nextUpstreamTimeout: values.nextUpstreamTimeout,
      ...balancingOf(values),
    },
  };
}

/** null: it needs what only an Ingress can say. */
export function commonAlgorithm(name: ConfigValues['loadBalance']): Algorithm | null {
  return name === 'round_robin' || name === 'ewma' || name === 'least_conn' ? name : null;
}

function balancingOf(values: ConfigValues): Pick<RouteDefaults, 'balancing' | 'passive'> {
  const passive: Omit<PassiveChecks, 'maxFails'> = {
    failTimeout: values.failTimeout,
    statuses: values.failStatuses,
    maxEjected: values.maxEjected,
  };
  return {
    balancing: {
      algorithm: commonAlgorithm(values.loadBalance) ?? 'round_robin',
      hashBy: [],
      subsetSize: 0,
      slowStart: values.slowStart,
      panicThreshold: values.panicThreshold,
      passive: values.maxFails === 0 ? null : { maxFails: values.maxFails, ...passive },
      check: null,
    },
    passive,
  };
}

function withNonIdempotent(values: ConfigValues): ConfigValues['nextUpstream'] {
  if (!values.retryNonIdempotent || values.nextUpstream.includes('off')) return values.nextUpstream;
  return [...new Set([...values.nextUpstream, 'non_idempotent' as const])].toSorted();
}
