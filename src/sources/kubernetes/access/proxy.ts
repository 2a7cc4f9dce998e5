// Which proxy stands between us and the API server, read as Go's http.ProxyFromEnvironment reads it, so that what
// works for kubectl works here.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** null: none. Lower-case variables are read as well, after the upper-case ones. */
export function environmentProxy(
  server: URL,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[name] || env[name.toLowerCase()] || '';
  if (proxy === '' || isExempt(server, env.NO_PROXY || env.no_proxy || '')) return null;
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  return proxyProblem(address) === null ? address : null;
}

/** null: it can be used. */
export function proxyProblem(address: string): string | null {
  if (!URL.canParse(address)) return 'is not a URL';
  const { protocol } = new URL(address);
  return ['http:', 'https:', 'socks5:'].includes(protocol) ? null : 'is not http, https or socks5';
}

function isExempt(server: URL, list: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return true;
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isWithin(host, entry);
  if (isIP(entry) !== 0) return entry === host;
  const [, name = entry, named] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (named !== undefined && named !== port) return false;
  const domain = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isLoopback(host: string): boolean {
  return isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback';
}

function isWithin(host: string, cidr: string): boolean {
  if (isIP(host) === 0 || !ipaddr.isValidCIDR(cidr)) return false;
  const address = ipaddr.process(host);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return address.kind() === network.kind() && address.match(network, bits);
}
