// How connections to the API server are made when a proxy stands between: a tunnel through it, and TLS to the server
// inside. Our own, since undici's (8.12) waits five minutes for a proxy that says nothing, and calls its SOCKS5 an
// experiment that cannot reach IPv6 addresses.

import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { describeError } from '../describe-failure.ts';
import { askHttpProxy } from './http-connect.ts';
import { openProxySocket } from './proxy-socket.ts';
import { PROXY_ERROR, proxyError } from './receive.ts';
import { askSocksProxy } from './socks5.ts';

export interface TunnelOptions {
  readonly proxy: URL;
  /** What TLS to the server is made with. */
  readonly trust: buildConnector.BuildOptions;
  /** PEM that a proxy of scheme https may be signed by, beside the roots that Node trusts. */
  readonly ca: string | undefined;
  readonly insecure: boolean;
  /** Milliseconds until the tunnel is there. */
  readonly within: number;
}

export function tunnelConnector(options: TunnelOptions): buildConnector.connector {
  const toServer = buildConnector(options.trust);
  return (target, callback) => void connect(target, callback);

  async function connect(target: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const opened = await openTunnel(options, target);
    if ('error' in opened) callback(opened.error, null);
    else if (target.protocol === 'https:') secure(target, opened.socket, callback);
    else callback(null, opened.socket);
  }

  /** What Node throws at certificates that it cannot use is a failure of this connection, as it is without a tunnel. */
  function secure(
    target: buildConnector.Options,
    httpSocket: Socket,
    callback: buildConnector.Callback,
  ): void {
    try {
      toServer({ ...target, httpSocket }, callback);
    } catch (error) {
      httpSocket.destroy();
      callback(error as Error, null);
    }
  }
}

/** Never rejects. */
async function openTunnel(
  { proxy, ca, insecure, within }: TunnelOptions,
  { hostname, port, protocol }: buildConnector.Options,
): Promise<{ readonly socket: Socket } | { readonly error: Error }> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  const { socket, open } = openProxySocket(proxy, { ca, insecure });
  // Between the steps nobody else listens.
  socket.on('error', () => undefined).setNoDelay(true);
  const tooLate = `the proxy made no connection within ${Math.ceil(within / 1000)} s`;
  const timer = setTimeout(() => socket.destroy(proxyError(tooLate)), within);
  try {
    await open;
    const ask = proxy.protocol.startsWith('socks5') ? askSocksProxy : askHttpProxy;
    await ask(socket, { proxy, host, port: number });
    return { socket };
  } catch (error) {
    socket.destroy();
    return { error: saidOfProxy(error) };
  } finally {
    clearTimeout(timer);
  }
}

function saidOfProxy(error: unknown): Error {
  const { code } = error as { code?: unknown };
  return error instanceof Error && code === PROXY_ERROR
    ? error
    : proxyError(describeError(error, 'the proxy'));
}
