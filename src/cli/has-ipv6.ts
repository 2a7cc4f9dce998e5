// Whether `listen [::]:80` can work on this machine: found by doing it, since kernels without IPv6 refuse the
// whole configuration for it.

import { createServer } from 'node:net';

export function hasIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '::', port: 0, ipv6Only: true }, () => server.close(() => resolve(true)));
  });
}
