// An API server as far as list and watch go: versions, pages, events since a version, bookmarks when told. What a
// real one cannot be made to do is scripted: any request can be answered by the test itself.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface ApiServer {
  readonly url: string;
  /** Every request so far. */
  readonly requests: readonly SeenRequest[];
  /** Creates or replaces; the server gives the version, and a uid unless there is one. */
  put(plural: string, object: RawObject): void;
  /** Removes without an event when `silently`: as if it happened while nobody could see. */
  remove(plural: string, name: string, options?: { readonly silently?: boolean }): void;
  /** Answers matching requests; returns true when it did. The newest script is asked first. */
  script(answer: (request: SeenRequest, response: ServerResponse) => boolean): () => void;
  /** Watches that are open now. */
  watches(plural?: string): readonly ServerResponse[];
  bookmark(plural: string): void;
  /** Versions up to now are forgotten: watches from them get 410. */
  compact(): void;
  /** The counter of versions; to be set back when etcd is restored. */
  version: number;
  /** Events are kept from open watches, which stay open, until `thaw`. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly plural: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Socket;
}

export interface RawObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

const KINDS: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
  ingresses: ['networking.k8s.io/v1', 'Ingress'],
  ingressclasses: ['networking.k8s.io/v1', 'IngressClass'],
  services: ['v1', 'Service'],
  endpointslices: ['discovery.k8s.io/v1', 'EndpointSlice'],
  secrets: ['v1', 'Secret'],
  configmaps: ['v1', 'ConfigMap'],
  namespaces: ['v1', 'Namespace'],
};

interface Logged {
  readonly version: number;
  readonly plural: string;
  readonly type: string;
  readonly object: RawObject;
}

export async function createApiServer(
  options: { readonly tls?: Parameters<typeof createTlsServer>[0] } = {},
): Promise<ApiServer> {
  const objects = new Map<string, Map<string, RawObject>>();
  const log: Logged[] = [];
  const requests: SeenRequest[] = [];
  const scripts: ((request: SeenRequest, response: ServerResponse) => boolean)[] = [];
  const open = new Map<ServerResponse, { readonly seen: SeenRequest; sent: number }>();
  const sockets = new Set<Socket>();
  let oldest = 0;
  let frozen = false;
  let uids = 0;
  let port = 0;
  let server = makeServer();

  const api: ApiServer = {
    get url() {
      return `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    },
    requests,
    version: 1000,
    put(plural, object) {
      api.version += 1;
      const key = keyOf(object);
      const before = objectsOf(plural).get(key);
      uids += 1;
      const uid = object.metadata.uid ?? before?.metadata.uid ?? `uid-${uids}`;
      const stored: RawObject = {
        apiVersion: KINDS[plural]?.[0],
        kind: KINDS[plural]?.[1],
        ...object,
        metadata: { ...object.metadata, uid, resourceVersion: String(api.version) },
      };
      objectsOf(plural).set(key, stored);
      announce(plural, before === undefined ? 'ADDED' : 'MODIFIED', stored);
    },
    remove(plural, name, { silently = false } = {}) {
      const stored = objectsOf(plural).get(name);
      if (stored === undefined) throw new Error(`there is no ${plural} ${name}`);
      api.version += 1;
      objectsOf(plural).delete(name);
      if (silently) return;
      const metadata = { ...stored.metadata, resourceVersion: String(api.version) };
      announce(plural, 'DELETED', { ...stored, metadata });
    },
    script(answer) {
      scripts.unshift(answer);
      return () => void scripts.splice(scripts.indexOf(answer), 1);
    },
    watches: (plural) =>
      [...open]
        .filter(([{ writableEnded }]) => !writableEnded)
        .filter(([, { seen }]) => plural === undefined || seen.plural === plural)
        .map(([response]) => response),
    bookmark(plural) {
      api.version += 1;
      for (const response of api.watches(plural)) {
        const [apiVersion, kind] = KINDS[plural] ?? [];
        writeEvent(response, 'BOOKMARK', {
          apiVersion,
          kind,
          metadata: { resourceVersion: String(api.version) },
        });
      }
    },
    compact() {
      api.version += 1;
      oldest = api.version;
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      for (const response of open.keys()) flush(response);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
    async start() {
      server = makeServer();
      await listen();
    },
  };
  await listen();
  return api;

  function makeServer() {
    const made =
      options.tls === undefined
        ? createServer(serve)
        : createTlsServer(options.tls, serve as RequestListener);
    made.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    return made;
  }

  async function listen(): Promise<void> {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const parts = url.pathname.split('/').slice(url.pathname.startsWith('/apis/') ? 4 : 3);
    const isBelowNamespace = parts[0] === 'namespaces' && parts.length > 2;
    const [plural = '', name] = isBelowNamespace ? parts.slice(2) : parts;
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      plural,
      query: url.searchParams,
      isWatch: url.searchParams.get('watch') === 'true',
      headers: request.headers,
      socket: request.socket,
    };
    requests.push(seen);
    if (scripts.some((script) => script(seen, response))) return;
    const namespace = isBelowNamespace ? (parts[1] ?? '') : null;
    if (name !== undefined) getOne(response, plural, `${namespace === null ? '' : `${namespace}/`}${name}`);
    else if (seen.isWatch) watch(seen, response);
    else list(seen, response, namespace);
  }

  function getOne(response: ServerResponse, plural: string, key: string): void {
    const object = objectsOf(plural).get(key);
    if (object === undefined) answerStatus(response, 404, 'NotFound', 'not found');
    else answerJson(response, 200, object);
  }

  function list({ plural, query }: SeenRequest, response: ServerResponse, namespace: string | null): void {
    const [apiVersion, kind] = KINDS[plural] ?? [];
    const all = [...objectsOf(plural).values()].filter((object) => isSelected(object, query, namespace));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length) || all.length;
    // Items of a list do not say what they are.
    const items = all
      .slice(from, from + limit)
      .map((object) => ({ ...object, apiVersion: undefined, kind: undefined }));
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    answerJson(response, 200, {
      apiVersion,
      kind: `${kind}List`,
      metadata: { resourceVersion: String(api.version), ...more },
      items,
    });
  }

  function watch(seen: SeenRequest, response: ServerResponse): void {
    const from = Number(seen.query.get('resourceVersion') ?? 0);
    if (from < oldest) {
      answerStatus(response, 410, 'Expired', `too old resource version: ${from} (${oldest})`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    open.set(response, { seen, sent: from });
    response.on('close', () => open.delete(response));
    flush(response);
  }

  function announce(plural: string, type: string, object: RawObject): void {
    log.push({ version: api.version, plural, type, object });
    for (const response of open.keys()) flush(response);
  }

  function flush(response: ServerResponse): void {
    const watcher = open.get(response);
    if (watcher === undefined || frozen || response.writableEnded) return;
    const { plural, query, path } = watcher.seen;
    const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1] ?? null;
    for (const { version, type, object } of log.filter((entry) => entry.plural === plural)) {
      if (version <= watcher.sent) continue;
      watcher.sent = version;
      // Who stops matching is deleted, as far as a watch can see.
      if (isSelected(object, query, namespace)) writeEvent(response, type, object);
      else if (type === 'MODIFIED') writeEvent(response, 'DELETED', object);
    }
  }

  function objectsOf(plural: string): Map<string, RawObject> {
    const known = objects.get(plural) ?? new Map<string, RawObject>();
    objects.set(plural, known);
    return known;
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function answerStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  answerJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

export function writeEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function keyOf({ metadata }: RawObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

function isSelected({ metadata }: RawObject, query: URLSearchParams, namespace: string | null): boolean {
  if (namespace !== null && metadata.namespace !== namespace) return false;
  const [, name] = /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '') ?? [];
  if (name !== undefined && metadata.name !== name) return false;
  const [, label, value] = /^([^=]+)=(.*)$/.exec(query.get('labelSelector') ?? '') ?? [];
  const labels = (metadata.labels ?? {}) as Readonly<Record<string, string>>;
  return label === undefined || labels[label] === value;
}
