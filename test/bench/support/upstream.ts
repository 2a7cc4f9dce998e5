// The backends of a bench: one nginx without Lua on the load's processor that answers 1 kB on every address it is
// asked at. All of 127.0.0.0/8 is this machine, so a thousand services can have ten addresses each.

import { freePort } from '../../support/ports.ts';
import { activeWorkers } from '../../support/processes.ts';
import { LOAD_CPU, pin } from './cpu.ts';
import { type RunningNginx, startPlain } from './plain-nginx.ts';

export type Upstream = {
  readonly port: number;
  /** `address:port` number `index`; each index another address. */
  readonly endpoint: (index: number) => string;
  readonly close: () => Promise<void>;
};

// Each of them may have so many files open, and the connections of all subjects together are more.
const WORKERS = 4;

export async function startUpstream(): Promise<Upstream> {
  const port = await freePort('0.0.0.0');
  const body = 'x'.repeat(1024);
  const nginx: RunningNginx = await startPlain(
    (prefix) => `
worker_processes ${WORKERS};
pid ${prefix}/run/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 18000; multi_accept on; }
http {
  access_log off;
  keepalive_timeout 600;
  keepalive_requests 100000000;
  client_body_temp_path ${prefix}/tmp/body; proxy_temp_path ${prefix}/tmp/proxy;
  fastcgi_temp_path ${prefix}/tmp/fastcgi; uwsgi_temp_path ${prefix}/tmp/uwsgi; scgi_temp_path ${prefix}/tmp/scgi;
  server { listen 0.0.0.0:${port} backlog=4096 reuseport; location / { return 200 "${body}"; } }
}
`,
  );
  for (const worker of await activeWorkers(nginx.master)) await pin(worker, LOAD_CPU);
  return { port, endpoint: (index) => `${addressOf(index)}:${port}`, close: nginx.close };
}

/** 127.0.1.1 and on: never the address that everything else listens on. */
function addressOf(index: number): string {
  const low = index % 250;
  const middle = Math.floor(index / 250) % 250;
  return `127.${Math.floor(index / 62_500)}.${1 + middle}.${1 + low}`;
}
