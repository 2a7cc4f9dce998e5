// Endpoints for checks: a gRPC server that says how it is, and one that answers every connection with given bytes.

import { once } from 'node:events';
import { createServer as createHttp2Server, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type HealthEndpoint = {
  readonly port: number;
  readonly endpoint: string;
  /** Milliseconds of all connections so far. */
  readonly connectedAt: () => readonly number[];
  /** What came in on all connections. */
  readonly received: () => string;
  readonly close: () => Promise<void>;
};

export type GrpcHealth = {
  /** Numbers of ServingStatus; of a service that is not here nothing is known. */
  readonly services: Readonly<Record<string, number>>;
  /** Instead of all that. */
  readonly fault?: 'unimplemented' | 'refuse' | 'reset' | 'hang' | 'goaway' | 'empty';
};

/** `send`: written to whoever connects, in these parts; then the connection stays open, or `ends`. */
export async function startRaw(
  send: readonly (string | Buffer)[],
  { ends = false, address = '127.0.0.1', pauseMs = 5 } = {},
): Promise<HealthEndpoint> {
  const server = createServer((socket) => {
    void (async () => {
      for (const part of send) {
        socket.write(part);
        await new Promise((done) => setTimeout(done, pauseMs));
      }
      if (ends) socket.end();
    })();
  });
  return listen(server, address);
}

export async function startGrpcHealth(health: GrpcHealth): Promise<HealthEndpoint> {
  const server = createHttp2Server();
  server.on('session', (session: Http2Session) => session.on('error', () => session.destroy()));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => stream.destroy());
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, health, String(headers[':path']), Buffer.concat(chunks)));
  });
  return listen(server as unknown as Server, '127.0.0.1');
}

const CHECK = '/grpc.health.v1.Health/Check';
const HEAD = { ':status': 200, 'content-type': 'application/grpc' };

function answer(
  stream: ServerHttp2Stream,
  { services, fault }: GrpcHealth,
  path: string,
  body: Buffer,
): void {
  const status = services[serviceIn(body)];
  if (fault === 'hang') return;
  if (fault === 'reset') stream.close(2);
  else if (fault === 'goaway') stream.session?.goaway(11);
  else if (fault === 'refuse') stream.respond({ ':status': 503 }, { endStream: true });
  else if (fault === 'unimplemented' || path !== CHECK) trailersOnly(stream, 12);
  else if (status === undefined) trailersOnly(stream, 5);
  else say(stream, status === 0 || fault === 'empty' ? [] : [8, status]);
}

function say(stream: ServerHttp2Stream, message: readonly number[]): void {
  stream.respond(HEAD, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
}

function trailersOnly(stream: ServerHttp2Stream, code: number): void {
  stream.respond({ ...HEAD, 'grpc-status': String(code) }, { endStream: true });
}

/** Of a HealthCheckRequest behind its five bytes; the length may take two bytes. */
function serviceIn(body: Buffer): string {
  const length = body.readUInt32BE(1);
  if (length === 0) return '';
  const from = (body[6] ?? 0) < 128 ? 7 : 8;
  return body.toString('utf8', from, 5 + length);
}

async function listen(server: Server, address: string): Promise<HealthEndpoint> {
  const sockets = new Set<Socket>();
  const connectedAt: number[] = [];
  let received = '';
  server.on('connection', (socket: Socket) => {
    connectedAt.push(Date.now());
    sockets.add(socket);
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1');
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen({ host: address, port: 0, backlog: 4096 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    connectedAt: () => connectedAt,
    received: () => received,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
