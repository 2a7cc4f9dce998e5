// Asking an HTTP proxy for a tunnel (RFC 9110, 9.3.6).

import type { Socket } from 'node:net';
import { proxyError, receive } from './receive.ts';

export interface TunnelRequest {
  /** With the credentials, if it wants any. */
  readonly proxy: URL;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Resolves when every further byte is the server's. @throws a sentence about the proxy. */
export async function askHttpProxy(socket: Socket, { proxy, host, port }: TunnelRequest): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `host: ${authority}`,
    'user-agent: ingress-openresty',
    ...authorization(proxy),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await receive(socket, (held) => {
    const end = held.indexOf('\r\n\r\n');
    return end === -1 ? null : end + 4;
  });
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1];
  if (status === undefined) throw proxyError('the proxy does not answer as an HTTP proxy does');
  if (status === '407') throw proxyError('the proxy does not accept our credentials (407)');
  if (!status.startsWith('2'))
    throw proxyError(`the proxy does not let us through to ${authority} (${status})`);
}

function authorization({ username, password }: URL): readonly string[] {
  if (username === '') return [];
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [`proxy-authorization: Basic ${Buffer.from(pair).toString('base64')}`];
}
