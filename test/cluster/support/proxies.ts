// Proxies as companies put them between a machine and an API server: HTTP with CONNECT, with or without TLS, and SOCKS5.
// They write down where they were asked to.
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer as createTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pair } from '../../support/certs.ts';

export type ProxyServer = {
  /** With the credentials in it. */
  readonly url: string;
  /** `host:port`, each time. */
  readonly asked: () => readonly string[];
  /** Ends all connections with RST. */
  readonly cut: () => void;
  /** From now on it takes connections and says nothing. */
  readonly fallSilent: () => void;
  readonly speak: () => void;
  readonly close: () => Promise<void>;
};

export const USER = 'gate';
export const PASSWORD = 'open sesame';

export async function httpProxy(tls?: Pair): Promise<ProxyServer> {
  const server = tls === undefined ? createHttp() : createHttps({ cert: tls.cert, key: tls.key });
  const book = openBook();
  server.on('connect', (request, socket: Duplex) => {
    if (book.silent()) return book.keep(socket);
    const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    book.join(socket, request.url ?? '', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  return listen(server, tls === undefined ? 'http' : 'https', book);
}

export async function socksProxy(): Promise<ProxyServer> {
  const book = openBook();
  const server = createTcp((socket) => {
    socket.on('error', () => socket.destroy());
    void serveSocks(socket, book).catch(() => socket.destroy());
  });
  return listen(server as Server, 'socks5', book);
}

/** RFC 1928 and 1929, as far as this suite goes: credentials, and IPv4 addresses. */
async function serveSocks(socket: Socket, book: Book): Promise<void> {
  const read = reader(socket);
  const [, count = 0] = await read(2);
  const methods = await read(count);
  if (book.silent()) return book.keep(socket);
  if (!methods.includes(2)) return void socket.end(Buffer.from([5, 255]));
  socket.write(Buffer.from([5, 2]));
  const user = await read((await read(2))[1] ?? 0);
  const password = await read((await read(1))[0] ?? 0);
  const isRight = user.toString() === USER && password.toString() === PASSWORD;
  socket.write(Buffer.from([1, isRight ? 0 : 1]));
  if (!isRight) return void socket.end();
  const [, , , kind] = await read(4);
  if (kind !== 1) return void socket.end(Buffer.from([5, 8, 0, 1, 0, 0, 0, 0, 0, 0]));
  const host = [...(await read(4))].join('.');
  const port = (await read(2)).readUInt16BE();
  book.join(socket, `${host}:${port}`, () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
}

function reader(socket: Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    for (;;) {
      const part = length === 0 ? Buffer.alloc(0) : (socket.read(length) as Buffer | null);
      if (part !== null) return part;
      if (socket.readableEnded || socket.destroyed) throw new Error('ended');
      await new Promise<void>((done) => {
        socket.once('readable', done).once('end', done).once('close', done);
      });
    }
  };
}

type Book = ReturnType<typeof openBook>;

function openBook() {
  const asked: string[] = [];
  const open = new Set<Duplex>();
  let isSilent = false;
  const keep = (socket: Duplex): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
  };
  return {
    asked,
    open,
    keep,
    silent: () => isSilent,
    setSilent(silent: boolean) {
      isSilent = silent;
    },
    join(near: Duplex, target: string, onOpen: () => void) {
      asked.push(target);
      const colon = target.lastIndexOf(':');
      const far = connect(Number(target.slice(colon + 1)), target.slice(0, colon), () => {
        onOpen();
        near.pipe(far).pipe(near);
      });
      keep(near);
      near.on('close', () => far.destroy());
      far.on('error', () => near.destroy()).on('close', () => near.destroy());
    },
  };
}

async function listen(server: Server, scheme: string, book: Book): Promise<ProxyServer> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  const cut = () => {
    for (const socket of book.open) socket.destroy();
  };
  return {
    url: `${scheme}://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    asked: () => [...book.asked],
    cut,
    fallSilent() {
      book.setSilent(true);
      cut();
    },
    speak: () => book.setSilent(false),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        cut();
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
