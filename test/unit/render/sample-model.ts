// Models for tests, small and complete, in ingress-nginx's defaults.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Balancing } from '../../../src/model/balancing.ts';
import type { Backend, Location, Model, Route, Server } from '../../../src/model/model.ts';
import type { Runtime } from '../../../src/model/runtime.ts';
import type { Profile, Settings } from '../../../src/model/settings.ts';
import { compileTemplates, type Templates } from '../../../src/render/templates.ts';

export const PROFILE: Profile = {
  bodySize: 1_048_576,
  requestBuffering: true,
  buffering: false,
  bufferSize: 4096,
  buffersNumber: 4,
  nextUpstream: ['error', 'timeout'],
};

export const ROUND_ROBIN: Balancing = {
  algorithm: 'round_robin',
  hashBy: [],
  subsetSize: 0,
  slowStart: 0,
  panicThreshold: 0,
  passive: null,
  check: null,
};

export const SETTINGS: Settings = {
  httpPort: 80,
  httpsPort: 443,
  bindAddresses: [],
  ipv6: true,
  http2: true,
  workerProcesses: 'auto',
  workerShutdownTimeout: 240,
  maxWorkerConnections: 16_384,
  maxWorkerOpenFiles: 0,
  errorLogLevel: 'notice',
  accessLog: true,
  keepAlive: 75,
  keepAliveRequests: 1000,
  clientHeaderTimeout: 60,
  clientBodyTimeout: 60,
  clientHeaderBufferSize: 1024,
  clientBodyBufferSize: 8192,
  largeClientHeaderBuffers: { number: 4, size: 8192 },
  http2MaxConcurrentStreams: 128,
  underscoresInHeaders: false,
  ignoreInvalidHeaders: true,
  serverTokens: false,
  useForwardedHeaders: false,
  computeFullForwardedFor: false,
  sslProtocols: ['TLSv1.2', 'TLSv1.3'],
  sslCiphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:!aNULL',
  sslSessionTimeout: 600,
  hsts: { maxAge: 31_536_000, includeSubdomains: true, preload: false },
  httpRedirectCode: 308,
  noTlsRedirectLocations: ['/.well-known/acme-challenge'],
  defaultCertificate: null,
  ocspStapling: false,
  upstreamKeepaliveConnections: 320,
  upstreamKeepaliveRequests: 10_000,
  upstreamKeepaliveTimeout: 60,
  upstreamKeepaliveTime: 3600,
  proxyConnectTimeout: 5,
  proxySendTimeout: 60,
  proxyReadTimeout: 60,
  defaults: {
    sslRedirect: true,
    forceSslRedirect: false,
    profile: PROFILE,
    nextUpstreamTries: 3,
    nextUpstreamTimeout: 0,
    balancing: ROUND_ROBIN,
    passive: { failTimeout: 10, statuses: [], maxEjected: 50 },
  },
};

export const RUNTIME: Runtime = {
  modules: [],
  luaPath: [],
  luaCpath: [],
  http2Directive: false,
  luaFolder: '/srv/ingress-openresty/lua',
  luaDigest: '0'.repeat(32),
  prefix: '/srv/ingress',
  documentsSize: 67_108_864,
  includeMain: [],
  includeHttp: [],
};

export function makeRoute(id: string, fields: Partial<Route> = {}): Route {
  return {
    id,
    object: 'Ingress/default/shop',
    backend: 'default/shop/80',
    canaries: [],
    sslRedirect: false,
    denied: null,
    timeouts: { connect: 5, send: 60, read: 60 },
    nextUpstreamTries: 3,
    nextUpstreamTimeout: 0,
    failover: null,
    affinity: null,
    profile: PROFILE,
    ...fields,
  };
}

/** A host with one route for each path; a path that ends in `/` is a prefix. */
export function makeServer(
  host: string,
  paths: readonly string[] = ['/'],
  fields: Partial<Route> = {},
): Server {
  const locations = paths.map(
    (path): Location => ({
      match: path.endsWith('/') ? 'prefix' : 'exact',
      path,
      route: makeRoute(`default/shop/${host}/P${path}`, fields),
    }),
  );
  return { host, locations, certificate: null, otherCertificates: [], objects: ['Ingress/default/shop'] };
}

/** Of a certificate, what tests of rendering are not about. */
export const PLAIN_LEAF = { keyType: 'ec', schemes: [], leaf: '0'.repeat(64), staple: null };

export function makeBackend(id: string, addresses: readonly string[] = ['10.0.0.1']): Backend {
  const endpoints = addresses.map((address) => ({ address, port: 8080, weight: 1, draining: false }));
  return { id, balancing: ROUND_ROBIN, endpoints, left: [] };
}

export function makeModel(servers: readonly Server[], fields: Partial<Model> = {}): Model {
  return {
    settings: SETTINGS,
    servers: new Map(servers.map((server) => [server.host, server])),
    backends: new Map([['default/shop/80', makeBackend('default/shop/80')]]),
    certificates: new Map(),
    identities: new Map(),
    authorities: new Map(),
    defaultRoute: null,
    diagnostics: [],
    ...fields,
  };
}

export function readTemplateTexts(): Map<string, string> {
  const folder = resolve(import.meta.dirname, '../../../templates');
  return new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

export function builtinTemplates(): Templates {
  const result = compileTemplates(readTemplateTexts());
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.templates;
}
