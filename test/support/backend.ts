// A real HTTP backend on loopback that tells what it saw, and misbehaves on demand.
import { createHash } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

export type Behaviour = {
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `hang`: never answers. `reset`: closes with RST once the request is read. `none`: answers. */
  readonly fault?: 'hang' | 'reset' | 'none';
  /** A body of this many bytes instead of the JSON. */
  readonly bodyBytes?: number;
};

/** What the JSON answer holds: what this backend saw of the request. */
export type Seen = {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bodyLength: number;
  readonly bodySha256: string;
  readonly clientCertificate: string | null;
};

export type Backend = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly endpoint: string;
  /** Requests and WebSocket handshakes that arrived, whatever came of them. */
  readonly requests: () => number;
  readonly connections: () => number;
  /** When requests to this path arrived, as Date.now() tells it; the path is without its query. */
  readonly arrivals: (path: string) => readonly number[];
  readonly last: () => Seen | null;
  /** Replaces the behaviour; `behave({})` is the friendly one. */
  readonly behave: (behaviour: Behaviour) => void;
  readonly resetCounts: () => void;
  readonly close: () => Promise<void>;
};

export type BackendOptions = {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
};

export async function startBackend({
  name,
  address = '127.0.0.1',
  port = 0,
  tls,
}: BackendOptions): Promise<Backend> {
  let behaviour: Behaviour = {};
  let requests = 0;
  let connections = 0;
  let last: Seen | null = null;
  let arrived: { readonly path: string; readonly at: number }[] = [];
  const sockets = new Set<Socket>();

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    requests += 1;
    arrived.push({ path: request.url?.split('?')[0] ?? '', at: Date.now() });
    const now = behaviour;
    last = await readRequest(name, request);
    if (now.delayMs !== undefined) await sleep(now.delayMs);
    if (now.fault === 'hang') return;
    if (now.fault === 'reset') return void request.socket.resetAndDestroy();
    await respond(response, now, last);
  };
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer(tlsOptions(tls));
  server.keepAliveTimeout = 60_000;
  server.on('request', (request, response) => void answer(request, response).catch(() => response.destroy()));
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  echoWebSockets(server, name, () => {
    requests += 1;
  });

  const bound = await listen(server, address, port);
  return {
    name,
    address,
    port: bound,
    endpoint: `${address}:${bound}`,
    requests: () => requests,
    connections: () => connections,
    arrivals: (path) => arrived.filter((one) => one.path === path).map(({ at }) => at),
    last: () => last,
    behave: (next) => {
      behaviour = next;
    },
    resetCounts: () => {
      requests = 0;
      connections = 0;
      arrived = [];
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function readRequest(name: string, request: IncomingMessage): Promise<Seen> {
  const hash = createHash('sha256');
  let bodyLength = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bodyLength += chunk.length;
  }
  const { method = '', url = '', httpVersion, headers, socket } = request;
  const peer =
    'getPeerCertificate' in socket ? (socket as import('node:tls').TLSSocket).getPeerCertificate() : null;
  const clientCertificate = peer?.subject === undefined ? null : String(peer.subject.CN ?? '');
  return {
    name,
    method,
    url,
    httpVersion,
    headers,
    bodyLength,
    bodySha256: hash.digest('hex'),
    clientCertificate,
  };
}

async function respond(response: ServerResponse, behaviour: Behaviour, seen: Seen): Promise<void> {
  const { status = 200, headers = {}, bodyBytes } = behaviour;
  if (bodyBytes === undefined) {
    response.writeHead(status, { 'content-type': 'application/json', 'x-backend': seen.name, ...headers });
    response.end(JSON.stringify(seen));
    return;
  }
  response.writeHead(status, { 'content-length': bodyBytes, 'x-backend': seen.name, ...headers });
  const block = Buffer.alloc(64 << 10, 'x');
  for (let sent = 0; sent < bodyBytes && !response.destroyed; sent += block.length) {
    const fits = response.write(block.subarray(0, Math.min(block.length, bodyBytes - sent)));
    if (!fits) await drained(response);
  }
  response.end();
}

// One listener each, taken off again: a large body waits here thousands of times.
function drained(response: ServerResponse): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      response.off('drain', end).off('close', end);
      done();
    };
    response.on('drain', end).on('close', end);
  });
}

// The first message names the backend; after it each message comes back as it was sent.
function echoWebSockets(server: Server, name: string, count: () => void): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    count();
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      webSocket.send(JSON.stringify({ name, url: request.url, headers: request.headers }));
      webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
    });
  });
}

function tlsOptions({
  cert,
  key,
  clientCa,
}: NonNullable<BackendOptions['tls']>): import('node:https').ServerOptions {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen({ host: address, port, backlog: 4096 }, () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') fail(new Error('not a TCP server'));
      else done(bound.port);
    });
  });
}
