// Reloads of many hosts: the test of the file, HUP until new workers serve, and the master's memory. Ours compiles at
// most a thousand of them; the peer is a static file with a server for each, as small as it can be.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureNginx } from '../../openresty/install-nginx.ts';
import { LAYOUT } from '../../src/model/runtime.ts';
import { liveMasters } from '../../src/nginx/processes.ts';
import { tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { freePorts } from '../support/ports.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { residentBytes } from './support/cpu.ts';
import { measure } from './support/measurement.ts';
import { startOurs } from './support/our-nginx.ts';
import { type RunningNginx, startPlain } from './support/plain-nginx.ts';
import { interleave } from './support/rounds.ts';
import { hostOf, services } from './support/services.ts';

const execute = promisify(execFile);
const SIZES = [100, 1000, 10_000];
const COMPILED = 1000;
const PEER = 'a server for each';

export const bench: Bench = {
  name: 'reload',
  title: 'Reloading with many hosts',
  shown: [
    'nginx -t',
    'HUP until the first new worker serves',
    'HUP until only new workers serve',
    'memory of the master, after reloads',
  ],
  async run(context) {
    const leaf = await makeLeaf(await makeAuthority(), { names: ['*.bench.example'] });
    for (const size of SIZES) {
      for (const tls of [false, true]) {
        const name = `${size} hosts, ${tls ? 'TLS' : 'plain'}`;
        if (context.wants(name)) await measureCase(context, name, { size, leaf: tls ? leaf : null });
      }
    }
  },
};

type Case = { readonly size: number; readonly leaf: Pair | null };

type Subject = {
  readonly name: string;
  readonly nginx: RunningNginx;
  /** Answers with the number of the reload that its worker belongs to. */
  readonly probe: number;
  readonly atStart: number;
};

type Seen = { readonly test: number; readonly first: number; readonly all: number };

async function measureCase(context: BenchContext, name: string, what: Case): Promise<void> {
  const subjects: Subject[] = [];
  try {
    context.say(`${name}: starting`);
    subjects.push(await ours(what));
    subjects.push(await peer(what));
    context.say(name);
    const turns = subjects.map((subject) => ({ subject: subject.name, run: () => reload(subject) }));
    const rounds = context.rounds ?? 5;
    const results = await interleave(turns, { rounds, signal: context.signal });
    const ofPeer = results.get(PEER) ?? [];
    for (const subject of subjects) {
      const emit = (metric: string, unit: string, values: readonly number[], others: readonly number[]) =>
        context.emit(
          measure({
            case: name,
            subject: subject.name,
            metric,
            unit,
            values,
            ...(subject.name === PEER ? {} : { peer: { subject: PEER, values: others } }),
          }),
        );
      const own = results.get(subject.name) ?? [];
      const each = (metric: string, of: (seen: Seen) => number) =>
        emit(metric, 'ms', own.map(of), ofPeer.map(of));
      each('nginx -t', ({ test }) => test);
      each('HUP until the first new worker serves', ({ first }) => first);
      each('HUP until only new workers serve', ({ all }) => all);
      const [, compared] = subjects;
      const now = await megabytes(subject);
      const others = compared === undefined ? Number.NaN : await megabytes(compared);
      emit('memory of the master, first', 'MB', [subject.atStart], [compared?.atStart ?? Number.NaN]);
      emit('memory of the master, after reloads', 'MB', [now], [others]);
    }
  } finally {
    for (const { nginx } of subjects) await nginx.close();
  }
}

async function ours({ size, leaf }: Case): Promise<Subject> {
  const nowhere = { endpoint: () => '127.0.0.1:9' };
  const objects = services(nowhere, {
    services: size,
    endpoints: 1,
    addresses: 'shared',
    // A Secret for each host, as it is where each has a certificate; they may all hold the same one here.
    ...(leaf === null
      ? {}
      : {
          tls: (_: string, index: number) => `tls-${index}`,
          more: (_: string, index: number) => [tlsSecret(`tls-${index}`, leaf)],
        }),
  });
  const nginx = await startOurs(objects, { compile: COMPILED, workers: 2 });
  return await withProbe(`ours, ${Math.min(size, COMPILED)} compiled`, nginx);
}

async function peer({ size, leaf }: Case): Promise<Subject> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const hash = Math.max(1024, 4 * size);
  const nginx = await startPlain(
    (prefix) => `
worker_processes 2;
worker_shutdown_timeout 240;
pid ${prefix}/run/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  server_names_hash_max_size ${hash}; server_names_hash_bucket_size 128;
  client_body_temp_path ${prefix}/tmp/body; proxy_temp_path ${prefix}/tmp/proxy;
  fastcgi_temp_path ${prefix}/tmp/fastcgi; uwsgi_temp_path ${prefix}/tmp/uwsgi; scgi_temp_path ${prefix}/tmp/scgi;
  upstream all { server 127.0.0.1:9; keepalive 32; }
${Array.from({ length: size }, (_, i) => peerServer(hostOf(i), port, leaf === null ? '' : tlsLines(prefix, tlsPort))).join('')}
}
`,
    () =>
      leaf === null
        ? []
        : [[LAYOUT.defaultCertificate, leaf.cert] as const, [LAYOUT.defaultKey, leaf.key] as const],
  );
  return await withProbe(PEER, nginx);
}

function peerServer(host: string, port: number, tls: string): string {
  return `  server { server_name ${host}; listen 127.0.0.1:${port};${tls} location / { proxy_pass http://all; } }\n`;
}

function tlsLines(prefix: string, port: number): string {
  const files = `ssl_certificate ${prefix}/${LAYOUT.defaultCertificate}; ssl_certificate_key ${prefix}/${LAYOUT.defaultKey};`;
  return ` listen 127.0.0.1:${port} ssl; ${files}`;
}

/** A server more, which says what is loaded; the same in all. */
async function withProbe(name: string, nginx: RunningNginx): Promise<Subject> {
  try {
    const [probe = 0] = await freePorts(1);
    const file = join(nginx.prefix, LAYOUT.config);
    const text = await readFile(file, 'utf8');
    const end = text.lastIndexOf('}');
    const server = `  server { listen 127.0.0.1:${probe} backlog=4096; access_log off; location / { return 200 "generation 0"; } }\n`;
    await writeFile(file, `${text.slice(0, end)}${server}${text.slice(end)}`);
    const atStart = (await residentBytes(nginx.master)) / 1e6;
    const subject = { name, nginx, probe, atStart };
    await reload(subject);
    return subject;
  } catch (error) {
    await nginx.close();
    throw error;
  }
}

async function reload({ nginx, probe }: Subject): Promise<Seen> {
  await oldOnesGone(nginx);
  const file = join(nginx.prefix, LAYOUT.config);
  const text = await readFile(file, 'utf8');
  const next = Number(/generation (\d+)/.exec(text)?.[1]) + 1;
  await writeFile(file, text.replace(/generation \d+/, `generation ${next}`));
  const { binary, env } = await ensureNginx();
  let started = performance.now();
  await execute(binary, ['-p', nginx.prefix, '-c', LAYOUT.config, '-t'], { env: { ...process.env, ...env } });
  const test = performance.now() - started;

  started = performance.now();
  process.kill(nginx.master, 'SIGHUP');
  let first = Number.NaN;
  let right = 0;
  let since = 0;
  while (right < ALL) {
    if (performance.now() - started > 120_000)
      throw new Error(`the reload of ${nginx.prefix} does not come into force`);
    const asked = performance.now();
    const answer = await ask(probe).catch(() => '');
    if (answer !== `generation ${next}`) {
      right = 0;
      await sleep(1);
      continue;
    }
    if (Number.isNaN(first)) first = performance.now() - started;
    if (right === 0) since = asked - started;
    right += 1;
  }
  return { test, first, all: since };
}

/** So many right answers in a row, each on a connection of its own, mean that nobody else accepts. */
const ALL = 50;

async function oldOnesGone({ prefix }: RunningNginx): Promise<void> {
  for (let i = 0; i < 3000; i += 1) {
    const [master] = await liveMasters(prefix);
    if (
      master !== undefined &&
      master.workers.length > 0 &&
      master.workers.every(({ shuttingDown }) => !shuttingDown)
    )
      return;
    await sleep(10);
  }
}

function ask(port: number): Promise<string> {
  return new Promise((done, fail) => {
    const sent = request({ port, host: '127.0.0.1', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => done(body)).on('error', fail);
    });
    sent.on('error', fail);
    sent.end();
  });
}

async function megabytes({ nginx }: Subject): Promise<number> {
  return (await residentBytes(nginx.master)) / 1e6;
}
