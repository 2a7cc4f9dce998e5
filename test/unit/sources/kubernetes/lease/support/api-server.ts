// A small API server on loopback for what writes: objects with resource versions, creation, replacement, merge
// patches, lists by equality of labels, and faults on demand. Watches are not here.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

export type Json = Record<string, unknown>;

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: Json;
  readonly contentType: string;
  /** What was answered; 0: nothing. */
  readonly status: number;
}

/** `drop`: done, but the connection breaks before the answer. `hang`: never answered, not done. */
export type Fault = number | 'drop' | 'hang' | 'reset';

export interface ApiServer {
  readonly port: number;
  /** By path, as `/api/v1/namespaces/a/services/b`. */
  readonly objects: Map<string, Json>;
  readonly seen: Seen[];
  /** Decides before each request whether, and how, it goes wrong. */
  fault: (request: { readonly method: string; readonly path: string; readonly from: string }) => Fault | null;
  /** Called when a request was carried out. */
  done: () => void;
  put(path: string, object: Json): void;
  /** Most requests that were under way at once. */
  most(): number;
  close(): Promise<void>;
}

export async function startApiServer(): Promise<ApiServer> {
  let version = 100;
  let running = 0;
  let most = 0;
  const http = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const api: ApiServer = {
    port: (http.address() as AddressInfo).port,
    objects: new Map(),
    seen: [],
    fault: () => null,
    done: () => undefined,
    put: (path, object) => void store(path, object),
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return api;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    running += 1;
    most = Math.max(most, running);
    response.on('close', () => {
      running -= 1;
    });
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const [path = '', query = ''] = url.split('?');
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as Json;
    const seen = { method, path, body, contentType: headers['content-type'] ?? '' };
    const fault = api.fault({ method, path, from: headers.authorization ?? '' });
    if (fault === 'reset') {
      api.seen.push({ ...seen, status: 0 });
      return void request.socket.resetAndDestroy();
    }
    if (fault === 'hang') return void api.seen.push({ ...seen, status: 0 });
    const [status, answer] =
      typeof fault === 'number'
        ? [fault, failure(fault)]
        : carryOut(method, path, body, new URLSearchParams(query));
    if (typeof fault !== 'number') api.done();
    api.seen.push({ ...seen, status: fault === 'drop' ? 0 : status });
    if (fault === 'drop') return void request.socket.resetAndDestroy();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  function carryOut(
    method: string,
    path: string,
    body: Json,
    query: URLSearchParams,
  ): readonly [number, Json] {
    const selector = query.get('labelSelector');
    if (method === 'GET' && selector !== null) return [200, { items: list(path, selector) }];
    if (method === 'POST') {
      const at = `${path}/${String((body.metadata as Json).name)}`;
      return api.objects.has(at) ? [409, failure(409)] : [201, store(at, body)];
    }
    const target = path.replace(/\/status$/, '');
    const before = api.objects.get(target);
    if (before === undefined) return [404, failure(404)];
    if (method === 'GET') return [200, before];
    if (method === 'PATCH') {
      const uid = (body.metadata as Json | undefined)?.uid;
      if (uid !== undefined && uid !== (before.metadata as Json).uid)
        return [422, { ...failure(422), details: { causes: [{ field: 'metadata.uid' }] } }];
      return [200, store(target, merge(before, body) as Json)];
    }
    const given = (body.metadata as Json).resourceVersion;
    if (given !== (before.metadata as Json).resourceVersion) return [409, failure(409)];
    return [200, store(target, body)];
  }

  function list(path: string, selector: string): readonly Json[] {
    const wanted = selector.split(',').map((term) => term.split('='));
    return [...api.objects]
      .filter(([at]) => at.startsWith(`${path}/`))
      .map(([, object]) => object)
      .filter(({ metadata }) => {
        const labels = ((metadata as Json).labels ?? {}) as Json;
        return wanted.every(([name = '', value]) => labels[name] === value);
      });
  }

  function store(path: string, object: Json): Json {
    const before = api.objects.get(path);
    if (before !== undefined && isDeepStrictEqual(before, object)) return before;
    version += 1;
    const metadata = {
      uid: `uid-${version}`,
      ...(object.metadata as Json),
      resourceVersion: String(version),
    };
    const stored = { ...object, metadata };
    api.objects.set(path, stored);
    return stored;
  }
}

function failure(code: number): Json {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: `answered ${code}` };
}

/** RFC 7386. */
function merge(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {};
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
