// Documents and batches as a test writes them: short builders that fill in what a test is not about.

import { createHash } from 'node:crypto';
import { type Batch, encodeBatch, type Version } from '../../../src/model/batch.ts';
import type {
  BackendBody,
  CertificateBody,
  Document,
  DocumentBody,
  DocumentKey,
  DocumentKind,
  HostBody,
  RouteBody,
  SettingsBody,
} from '../../../src/model/document.ts';

export const PROFILE = 'p00000001';
export const UNLIMITED_PROFILE = 'p00000002';
export const STREAMING_PROFILE = 'p00000003';
export const MEASURED_PROFILE = 'p00000004';
/** What a route of a measuring backend has. */
export const MEASURED = {
  profile: MEASURED_PROFILE,
  unlimitedProfile: MEASURED_PROFILE,
  unmeasuredProfile: UNLIMITED_PROFILE,
} as const;

export function makeDocument(kind: DocumentKind, id: string, body: DocumentBody): Document {
  const digest = createHash('sha256')
    .update(`${kind}\n${id}\n${canonical(body)}`)
    .digest('hex')
    .slice(0, 32);
  const line = canonical({ body, digest, id, kind, v: 1 });
  return { kind, id, digest, body, line };
}

export function settings(body: Partial<SettingsBody> = {}): Document {
  return makeDocument('settings', 'global', {
    httpRedirectCode: 308,
    noTlsRedirectLocations: ['/.well-known/acme-challenge'],
    timeouts: { connect: 5, send: 60, read: 60 },
    ...body,
  });
}

/** Endpoints as `127.0.0.1:8080` or `[::1]:8080`, with a weight behind `*`: `127.0.0.1:8080*3`. */
export function backend(id: string, ...endpoints: readonly string[]): Document {
  const body: BackendBody = { algorithm: 'round_robin', endpoints: endpoints.map(parseEndpoint) };
  return makeDocument('backend', id, body);
}

export function route(id: string, backendId: string, body: Partial<RouteBody> = {}): Document {
  return makeDocument('route', id, {
    ingress: 'default/shop',
    backend: backendId,
    tries: 3,
    bodySize: 1 << 20,
    profile: PROFILE,
    unlimitedProfile: UNLIMITED_PROFILE,
    shard: '01_shard',
    ...body,
  });
}

/** The same, balanced otherwise; endpoints that end in `!` are draining. */
export function balanced(
  id: string,
  balancing: Omit<BackendBody, 'endpoints'>,
  ...endpoints: readonly string[]
): Document {
  return makeDocument('backend', id, { ...balancing, endpoints: endpoints.map(parseEndpoint) });
}

/** Paths that start with `=` are exact, others prefixes. */
export function host(
  id: string,
  paths: Readonly<Record<string, string>>,
  certificate?: string,
  otherCertificates: readonly string[] = [],
): Document {
  const exact: Record<string, string> = {};
  const prefix: Record<string, string> = {};
  for (const [path, key] of Object.entries(paths)) {
    if (path.startsWith('=')) exact[path.slice(1)] = key;
    else prefix[path] = key;
  }
  const body: HostBody = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(otherCertificates.length === 0 ? {} : { otherCertificates }),
    exact,
    prefix,
  };
  return makeDocument('host', id, body);
}

export function certificate(id: string, body: CertificateBody): Document {
  return makeDocument('certificate', id, body);
}

export function full(version: Version, put: readonly Document[]): Batch {
  return { type: 'full', version, base: null, state: stateOf(version), put, remove: [] };
}

export function delta(
  base: Version,
  version: Version,
  put: readonly Document[],
  remove: readonly DocumentKey[] = [],
): Batch {
  return { type: 'delta', version, base, state: stateOf(version), put, remove };
}

export function at(epoch: number, generation: number): Version {
  return { epoch, generation };
}

export function encode(batch: Batch): string {
  return encodeBatch(batch, md5);
}

/** Text lines as a batch with a right trailer, whatever they say. */
export function seal(lines: readonly string[]): string {
  const text = `${lines.join('\n')}\n`;
  return `${text}{"end":"${md5(text)}"}\n`;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function stateOf({ epoch, generation }: Version): string {
  return md5(`${epoch}.${generation}`);
}

function parseEndpoint(text: string): BackendBody['endpoints'][number] {
  const match = /^\[?(.*?)\]?:(\d+)(?:\*(\d+))?(!)?$/.exec(text);
  if (match === null) throw new Error(`not an endpoint: ${text}`);
  const [, address = '', port, weight, draining] = match;
  return {
    address,
    port: Number(port),
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    ...(draining === undefined ? {} : { draining: true }),
  };
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
