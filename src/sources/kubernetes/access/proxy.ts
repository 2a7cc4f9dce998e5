// Which proxy stands between us and the API server, read as Go's http.ProxyFromEnvironment reads it, so that what
// works for kubectl works here.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Trouble } from './grant.ts';

/** `proxy` null: none. Lower-case variables are read as well, after the upper-case ones. */
export function environmentProxy(
  server: URL,
  env: Readonly<Record<string, string | undefined>>,
): { readonly proxy: string | null } | Trouble {
  const upper = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const name = env[upper] ? upper : upper.toLowerCase();
  const proxy = env[name] || '';
  if (proxy === '' || isExempt(server, env.NO_PROXY || env.no_proxy || '')) return { proxy: null };
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  const problem = proxyProblem(address);
  if (problem === null) return { proxy: address };
  return {
    message: `the environment variable ${name} names a proxy that ${problem}`,
    hint: `set ${name} to a URL like ${EXAMPLE}, or name ${server.hostname} in NO_PROXY`,
  };
}

export const EXAMPLE = 'http://proxy.example:3128';

/** null: it can be used. */
export function proxyProblem(address: string): string | null {
  if (!URL.canParse(address)) return 'is not a URL';
  const { protocol, hostname, username, password } = new URL(address);
  if (!PROTOCOLS.includes(protocol)) return 'is not http, https or socks5';
  if (hostname === '') return 'names no host';
  return isEncoded(username) && isEncoded(password) ? null : 'has credentials with a stray % in them';
}

const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
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
