// Asking a SOCKS5 proxy for a connection (RFC 1928, with names and passwords as RFC 1929 says). Names are resolved by
// the proxy, as kubectl has it.

import { isIPv4, isIPv6, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { TunnelRequest } from './http-connect.ts';
import { proxyError, receive } from './receive.ts';

/** Resolves when every further byte is the server's. @throws a sentence about the proxy. */
export async function askSocksProxy(socket: Socket, { proxy, host, port }: TunnelRequest): Promise<void> {
  const credentials = proxy.username === '' ? [] : [PASSWORD];
  const methods = [NO_CREDENTIALS, ...credentials];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await receive(socket, () => 2);
  if (version !== VERSION) throw proxyError('the proxy does not answer as a SOCKS5 proxy does');
  if (method === PASSWORD && credentials.length > 0) await login(socket, proxy);
  else if (method !== NO_CREDENTIALS) throw proxyError('the proxy wants other credentials than we have');

  const address = addressOf(host);
  socket.write(Buffer.from([VERSION, CONNECT, 0, ...address, port >> 8, port & 0xff]));
  const reply = (await receive(socket, lengthOfReply))[1] ?? 0;
  if (reply === 0) return;
  const reason = REASONS[reply] ?? `reply ${reply}`;
  throw proxyError(`the proxy does not let us through to ${host} port ${port} (${reason})`);
}

const VERSION = 5;
const CONNECT = 1;
const NO_CREDENTIALS = 0;
const PASSWORD = 2;
const [IPV4, NAME, IPV6] = [1, 3, 4];

const REASONS: Readonly<Record<number, string>> = {
  1: 'it has failed',
  2: 'its rules forbid it',
  3: 'no network',
  4: 'no route',
  5: 'the API server refuses connections',
  6: 'too many hops',
};

async function login(socket: Socket, { username, password }: URL): Promise<void> {
  const parts = [username, password].map((text) => Buffer.from(decodeURIComponent(text)).subarray(0, 255));
  socket.write(Buffer.from([1, ...parts.flatMap((part) => [part.length, ...part])]));
  const [, status] = await receive(socket, () => 2);
  if (status !== 0) throw proxyError('the proxy does not accept our credentials');
}

function addressOf(host: string): readonly number[] {
  if (isIPv4(host)) return [IPV4, ...ipaddr.parse(host).toByteArray()];
  if (isIPv6(host)) return [IPV6, ...ipaddr.parse(host).toByteArray()];
  const name = Buffer.from(host).subarray(0, 255);
  return [NAME, name.length, ...name];
}

/** Version, reply, nothing, kind of address, address, port; a proxy that fails may send no more than zeros. */
function lengthOfReply(held: Buffer): number | null {
  const kind = held[3];
  if (kind === undefined) return null;
  if (kind === NAME) return held[4] === undefined ? null : 7 + held[4];
  return kind === IPV6 ? 22 : 10;
}
