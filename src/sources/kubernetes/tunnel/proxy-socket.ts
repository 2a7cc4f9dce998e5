// A connection to the proxy itself, with TLS where its URL says https. Like kubectl, such a proxy is trusted by the
// CA of the kubeconfig; unlike it, by the machine's roots as well.

import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';

export interface ProxyTrust {
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

/** `open` settles with the connection, and rejects with what Node says of it. */
export function openProxySocket(
  proxy: URL,
  { ca, insecure }: ProxyTrust,
): { readonly socket: Socket; readonly open: Promise<unknown> } {
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port) || PORTS[proxy.protocol] || 80;
  if (proxy.protocol !== 'https:') {
    const socket = connect({ host, port });
    return { socket, open: once(socket, 'connect') };
  }
  const socket = connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: !insecure,
  });
  return { socket, open: once(socket, 'secureConnect') };
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 };
