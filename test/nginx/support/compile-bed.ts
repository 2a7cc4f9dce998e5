// A prefix as the controller lays it out, and small configurations of our shape: a digest that /config answers.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Nginx } from '../../../openresty/install-nginx.ts';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import type { RenderedFiles } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { type Compiler, type CompilerOptions, createCompiler } from '../../../src/nginx/files/compile.ts';
import { liveMasters } from '../../../src/nginx/processes.ts';
import { ensureFolders } from '../../../src/nginx/state/folders.ts';
import { findOrphans } from '../../../src/nginx/supervise/orphans.ts';
import { startNginx } from '../../../src/nginx/supervise/start-nginx.ts';
import { eventually } from '../../support/eventually.ts';
import { request } from '../../support/http-client.ts';
import { freePort } from '../../support/ports.ts';

export interface Bed {
  readonly prefix: string;
  readonly nginx: Nginx;
  readonly port: number;
  /** Digests given to onProven, in order. */
  readonly proven: string[];
  readonly compiler: (options?: Partial<CompilerOptions>) => Compiler;
  /** A configuration that answers `label` on the bed's port. */
  readonly files: (label: string, extra?: { main?: string; http?: string; init?: string }) => RenderedFiles;
  /** Starts nginx with the live file. */
  readonly start: () => Promise<void>;
  /** Bodies of `count` answers, each over a fresh connection. */
  readonly ask: (count: number) => Promise<ReadonlySet<string>>;
  readonly cleanup: () => Promise<void>;
}

export async function makeBed(): Promise<Bed> {
  const nginx = await ensureNginx();
  const prefix = await mkdtemp(join(tmpdir(), 'compile-bed-'));
  await chmod(prefix, 0o755); // workers run as another user than a test that is root
  await ensureFolders(prefix);
  const port = await freePort();
  const proven: string[] = [];
  const env = nginx.env;
  const log = pino({ level: 'silent' });
  const onProven: CompilerOptions['onProven'] = async (files) => {
    proven.push(files.digest);
    return { outcome: 'saved' };
  };
  const signal = new AbortController().signal;
  const compiler = (options: Partial<CompilerOptions> = {}) =>
    createCompiler({ binary: nginx.binary, prefix, env, log, signal, onProven, ...options });
  const start = async () => {
    const started = await startNginx({ binary: nginx.binary, prefix, env, deadlineMs: 15_000 });
    if (started.outcome === 'failed') throw new Error(started.message);
    // They get their titles, by which they are counted, a moment after they are forked.
    await eventually('both workers', async () => (await liveMasters(prefix))[0]?.workers.length === 2);
  };
  const ask = async (count: number) => {
    const bodies = new Set<string>();
    for (let i = 0; i < count; i++) bodies.add((await request({ port })).body.trim());
    return bodies;
  };
  const cleanup = async () => {
    await killAll(prefix);
    await rm(prefix, { recursive: true, force: true });
  };
  const files = (label: string, extra = {}) => rendered(nginx, prefix, port, label, extra);
  return { prefix, nginx, port, proven, compiler, files, start, ask, cleanup };
}

export function liveText(files: RenderedFiles): string {
  return files.texts.get(LAYOUT.config) ?? '';
}

/** SIGKILL of everything of the prefix, masters first. */
export async function killAll(prefix: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const masters = await liveMasters(prefix);
    const pids = [...masters, ...(await findOrphans(prefix))].map(({ pid }) => pid);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    }
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`nginx of ${prefix} could not be killed`);
}

function rendered(
  nginx: Nginx,
  prefix: string,
  port: number,
  label: string,
  { main = '', http = '', init = '' }: { main?: string; http?: string; init?: string },
): RenderedFiles {
  const textOf = (digest: string) => `${nginx.modules.map((module) => `load_module ${module};\n`).join('')}
worker_processes 2;
worker_shutdown_timeout 60;
pid run/nginx.pid;
error_log logs/error.log notice;
${main}
events {}
http {
  access_log off;
  lua_package_path "${nginx.luaPath};;";
  lua_package_cpath "${nginx.luaCpath};;";
  client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
  init_by_lua_block { require("ngx.process") require("cjson.safe") ${init} }
  server {
    listen unix:${prefix}/control/config.sock;
    location = /config {
      content_by_lua_block {
        ngx.say(require("cjson.safe").encode({
          v = 1, files = "${digest}", instance = { id = "i", master = require("ngx.process").get_master_pid() } }))
      }
    }
  }
  server { listen 127.0.0.1:${port} default_server; location / { return 200 "${label}"; } }
${http}
}
`;
  const digest = createHash('sha256').update(textOf('')).digest('hex').slice(0, 32);
  return {
    texts: new Map([[LAYOUT.config, textOf(digest)]]),
    digest,
    sections: new Map([['main', label]]),
    compiled: new Map([['shop.example', new Map([['route', `key-${label}`]])]]),
    lines: [],
  };
}
