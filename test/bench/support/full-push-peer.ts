// The peer of the change path: the classic design, written by us (full_push.lua). Everything is sent for each change,
// and each worker polls for it once a second.
import { request } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import { httpLines } from '../../support/nginx-process.ts';
import { freePorts } from '../../support/ports.ts';
import type { Service } from './change-world.ts';
import { type RunningNginx, startPlain } from './plain-nginx.ts';

/** Its name in every bench. */
export const FULL_PUSH = 'full push, 1-s poll';

export type FullPushPeer = RunningNginx & {
  readonly port: number;
  /** Sends all of these; settles when it is stored. */
  readonly post: (body: string) => Promise<void>;
};

export function fullPushBody(services: readonly Service[]): string {
  return JSON.stringify(services);
}

export async function startFullPush(first: string, workers: number): Promise<FullPushPeer> {
  const [port = 0, controlPort = 0] = await freePorts(2);
  const found = await ensureNginx();
  const lua = resolve(import.meta.dirname);
  const nginx = await startPlain(
    (prefix) => `
${found.modules.map((module) => `load_module ${module};`).join('\n')}
worker_processes ${workers};
pid ${prefix}/run/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 4096; }
http {
  ${httpLines(found, lua)}
  keepalive_requests 100000000;
  lua_shared_dict backends 256m;
  client_max_body_size 0;
  client_body_buffer_size 32m;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  init_by_lua_block { peer = require("full_push") }
  init_worker_by_lua_block { peer.init_worker() }
  upstream classic { server 0.0.0.1; balancer_by_lua_block { peer.balance() } keepalive 320; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://classic; } }
  server { listen 127.0.0.1:${controlPort}; location / { content_by_lua_block { peer.configuration() } } }
}
`,
  );
  const post = (body: string) => send(controlPort, body);
  await post(first);
  await sleep(FIRST_LOOK_MS);
  return { ...nginx, port, post };
}

/** Every worker has looked by then. */
const FIRST_LOOK_MS = 3000;

function send(port: number, body: string): Promise<void> {
  return new Promise((done, fail) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { port, host: '127.0.0.1', method: 'POST', agent: false, headers: length },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) done();
          else fail(new Error(`the peer answered ${response.statusCode}`));
        });
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}
