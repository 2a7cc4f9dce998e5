// A real HTTPS endpoint that tells for each request which TLS connection it came on: whose certificate was shown
// there, which name was asked for.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { Pair } from '../../support/certs.ts';

export type TlsSeen = {
  readonly url: string;
  readonly host: string;
  /** Common name of the certificate that was shown, or null. */
  readonly peer: string | null;
  readonly serverName: string | null;
  readonly protocol: string | null;
  readonly bodyLength: number;
  readonly connection: number;
};

export type TlsServer = {
  readonly endpoint: string;
  readonly seen: readonly TlsSeen[];
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

/** @param clientCa whose certificates are accepted; without `requires`, none is needed. */
export async function startTlsServer(options: {
  readonly pair: Pair;
  readonly clientCa?: string;
  readonly requires?: boolean;
  readonly address?: string;
}): Promise<TlsServer> {
  const { pair, clientCa, requires = false, address = '127.0.0.1' } = options;
  const seen: TlsSeen[] = [];
  const sockets = new Set<Socket>();
  const numbers = new WeakMap<object, number>();
  let connections = 0;
  const server = createServer({
    ...pair,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: requires }),
  });
  server.keepAliveTimeout = 60_000;
  server.on('secureConnection', (socket: TLSSocket) => {
    connections += 1;
    numbers.set(socket, connections);
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (incoming, response) => {
    let bodyLength = 0;
    incoming.on('data', (data: Buffer) => {
      bodyLength += data.length;
    });
    incoming.on('end', () => {
      const socket = incoming.socket as TLSSocket;
      const name: unknown = socket.getPeerCertificate().subject?.CN;
      const now: TlsSeen = {
        url: incoming.url ?? '',
        host: incoming.headers.host ?? '',
        peer: typeof name === 'string' ? name : null,
        // Of a connection without SNI, Node says false.
        serverName:
          typeof socket.servername === 'string' && socket.servername !== '' ? socket.servername : null,
        protocol: socket.getProtocol(),
        bodyLength,
        connection: numbers.get(socket) ?? 0,
      };
      seen.push(now);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(now));
    });
  });
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (incoming, socket, head) =>
    webSockets.handleUpgrade(incoming, socket, head, (webSocket) => {
      webSocket.on('message', (data, binary) => webSocket.send(data, { binary }));
    }),
  );
  server.listen(0, address);
  await once(server, 'listening');
  return {
    endpoint: `${address}:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
