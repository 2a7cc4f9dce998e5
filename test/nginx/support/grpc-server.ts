// A gRPC endpoint as far as gRPC is HTTP/2: frames with a length, streams in both directions, a status in trailers.
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Pair } from '../../support/certs.ts';

export type GrpcSeen = { readonly headers: IncomingHttpHeaders; readonly peer: string | null };

export type GrpcServer = {
  readonly endpoint: string;
  readonly seen: readonly GrpcSeen[];
  readonly sessions: () => number;
  readonly close: () => Promise<void>;
};

/**
 * `/test.Echo/Each` sends every message back as it comes; `/test.Echo/Fail` ends with status 7 in trailers alone;
 * `/test.Echo/Hang` never answers; `/test.Echo/Refuse` answers 503.
 */
export async function startGrpcServer(
  options: { readonly pair?: Pair; readonly clientCa?: string } = {},
): Promise<GrpcServer> {
  const { pair, clientCa } = options;
  const tls = { ...pair, ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true }) };
  const server =
    pair === undefined ? createServer() : createSecureServer({ ...tls, rejectUnauthorized: false });
  const seen: GrpcSeen[] = [];
  const sessions = new Set<Http2Session>();
  let count = 0;
  server.on('session', (session: Http2Session) => {
    count += 1;
    sessions.add(session);
    session.on('error', () => session.destroy());
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const socket = stream.session?.socket as TLSSocket | undefined;
    const name: unknown = pair === undefined ? undefined : socket?.getPeerCertificate().subject?.CN;
    seen.push({ headers, peer: typeof name === 'string' ? name : null });
    stream.on('error', () => stream.destroy());
    answer(stream, String(headers[':path']));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    sessions: () => count,
    async close() {
      for (const session of sessions) session.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function answer(stream: ServerHttp2Stream, path: string): void {
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  if (path === '/test.Echo/Hang') return;
  if (path === '/test.Echo/Refuse') {
    stream.respond({ ':status': 503 }, { endStream: true });
    return;
  }
  if (path === '/test.Echo/Fail') {
    stream.respond({ ...head, 'grpc-status': '7', 'grpc-message': 'no' }, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-end': 'yes' }));
  stream.on('data', (data: Buffer) => stream.write(data));
  stream.on('end', () => stream.end());
}

/** A message as it goes on the wire. */
export function grpcMessage(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}
