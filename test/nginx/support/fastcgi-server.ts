// A small FastCGI responder: reads one request for each connection and answers what it was told.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type FastCgiSeen = {
  readonly params: Readonly<Record<string, string>>;
  readonly body: string;
  /** FCGI_KEEP_CONN: the other side wants to use the connection again. */
  readonly keeps: boolean;
};

export type FastCgiServer = {
  readonly endpoint: string;
  readonly seen: readonly FastCgiSeen[];
  readonly close: () => Promise<void>;
};

const [BEGIN, END, PARAMS, STDIN, STDOUT] = [1, 3, 4, 5, 6];

/** A path that ends in `/503` is answered with that status, `/hang` never. */
export async function startFastCgiServer(): Promise<FastCgiServer> {
  const seen: FastCgiSeen[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    let buffer = Buffer.alloc(0);
    const parts = { params: Buffer.alloc(0), body: Buffer.alloc(0), keeps: false };
    socket.on('data', (data: Buffer) => {
      buffer = Buffer.concat([buffer, data]);
      for (let record = readRecord(buffer); record !== null; record = readRecord(buffer)) {
        buffer = buffer.subarray(record.size);
        if (record.type === BEGIN) parts.keeps = (record.content[2] ?? 0) % 2 === 1;
        if (record.type === PARAMS) parts.params = Buffer.concat([parts.params, record.content]);
        if (record.type === STDIN) parts.body = Buffer.concat([parts.body, record.content]);
        if (record.type !== STDIN || record.content.length > 0) continue;
        const request = { params: readParams(parts.params), body: parts.body.toString(), keeps: parts.keeps };
        seen.push(request);
        answer(socket, request);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function answer(socket: Socket, request: FastCgiSeen): void {
  const uri = request.params.REQUEST_URI ?? '';
  if (uri.endsWith('/hang')) return;
  const status = uri.endsWith('/503') ? 'Status: 503 Busy\r\n' : '';
  const text = `${status}Content-Type: application/json\r\n\r\n${JSON.stringify(request)}`;
  socket.end(
    Buffer.concat([record(STDOUT, Buffer.from(text)), record(STDOUT), record(END, Buffer.alloc(8))]),
  );
}

function readRecord(buffer: Buffer): { type: number; content: Buffer; size: number } | null {
  if (buffer.length < 8) return null;
  const length = buffer.readUInt16BE(4);
  const size = 8 + length + (buffer[6] ?? 0);
  if (buffer.length < size) return null;
  return { type: buffer[1] ?? 0, content: buffer.subarray(8, 8 + length), size };
}

function record(type: number | undefined, content = Buffer.alloc(0)): Buffer {
  const head = Buffer.from([1, type ?? 0, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}

function readParams(buffer: Buffer): Record<string, string> {
  const params: Record<string, string> = {};
  let at = 0;
  const length = () => {
    const first = buffer[at] ?? 0;
    const value = first < 128 ? first : buffer.readUInt32BE(at) & 0x7fffffff;
    at += first < 128 ? 1 : 4;
    return value;
  };
  const text = (size: number) => {
    at += size;
    return buffer.subarray(at - size, at).toString();
  };
  while (at < buffer.length) {
    const [name, value] = [length(), length()];
    const key = text(name);
    params[key] = text(value);
  }
  return params;
}
