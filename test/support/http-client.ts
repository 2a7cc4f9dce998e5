// One HTTP/1.x request exactly as given: any request line, any Host or none, any SNI. Nothing is tidied up on the way.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type Head, readBody, readHead } from './http-message.ts';

export type RawRequest = {
  readonly port: number;
  readonly address?: string;
  /** Instead of port and address: a unix socket. */
  readonly socketPath?: string;
  readonly method?: string;
  /** The request target as it goes on the wire: origin form, absolute form, anything. Default `/`. */
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  /** The Host header; null sends none. Default `localhost`. */
  readonly host?: string | null;
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
  /** Present: over TLS. `servername` empty or absent: no SNI. Without `ca` any certificate is accepted. */
  readonly tls?: {
    readonly servername?: string;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  /** The whole exchange. Default 10 s. */
  readonly timeoutMs?: number;
};

export type RawResponse = {
  readonly status: number;
  readonly version: string;
  /** Lower-cased names; several of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly (readonly [string, string])[];
  readonly body: string;
  readonly bytes: Buffer;
  readonly certificate: PeerCertificate | null;
  /** The body as JSON; throws when it is none. */
  readonly json: <T>() => T;
};

/** Rejects when the connection fails, closes early or takes too long; any status is an answer. */
export async function request(options: RawRequest): Promise<RawResponse> {
  const socket = open(options);
  try {
    return await within(options.timeoutMs ?? 10_000, socket, async () => {
      await connected(socket, options.tls !== undefined);
      const certificate = options.tls === undefined ? null : (socket as TLSSocket).getPeerCertificate();
      const incoming = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      socket.write(requestHead(options));
      if (options.body !== undefined) socket.write(options.body);
      const head = await readFinalHead(incoming);
      const bytes = await readBody(head, incoming, options.method === 'HEAD');
      return toResponse(head, bytes, certificate);
    });
  } finally {
    socket.destroy();
  }
}

function open({ port, address = '127.0.0.1', socketPath, tls }: RawRequest): Socket {
  const where = socketPath === undefined ? { host: address, port } : { path: socketPath };
  if (tls === undefined) return connectTcp(where);
  const { servername = '', ...identity } = tls;
  const trust = { rejectUnauthorized: identity.ca !== undefined, ALPNProtocols: ['http/1.1'] };
  return connectTls({ ...where, ...identity, ...trust, servername });
}

function connected(socket: Socket, tls: boolean): Promise<void> {
  return new Promise((done, fail) => {
    socket.once(tls ? 'secureConnect' : 'connect', () => done());
    socket.once('error', fail);
  });
}

function requestHead(options: RawRequest): string {
  const { method = 'GET', target = '/', version = '1.1', host = 'localhost', headers = [], body } = options;
  const given = Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const lines = [`${method} ${target} HTTP/${version}`];
  if (host !== null) lines.push(`Host: ${host}`);
  for (const [name, value] of given) lines.push(`${name}: ${value}`);
  if (!names.has('connection')) lines.push('Connection: close');
  if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

// 1xx answers come before the real one. A handful at most, so that a broken server cannot keep us here.
async function readFinalHead(incoming: AsyncIterator<Buffer>): Promise<Head> {
  let head = await readHead(incoming, Buffer.alloc(0));
  for (let i = 0; i < 10 && head.status >= 100 && head.status < 200 && head.status !== 101; i++) {
    head = await readHead(incoming, head.rest);
  }
  return head;
}

function toResponse(head: Head, bytes: Buffer, certificate: PeerCertificate | null): RawResponse {
  const body = bytes.toString('utf8');
  const { status, version, headers, rawHeaders } = head;
  return {
    status,
    version,
    headers,
    rawHeaders,
    body,
    bytes,
    certificate,
    json: <T>() => JSON.parse(body) as T,
  };
}

async function within<T>(ms: number, socket: Socket, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(new Error(`no whole answer within ${ms} ms`)), ms);
  // Errors are reported by whoever waits for the socket; this listener keeps late ones from ending the process.
  socket.on('error', () => undefined);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
