// HTTPS and AUTO_HTTP endpoints: everything that HTTP ones get, over TLS; and never a connection of one protocol used
// for another, though the address is the same.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ingress, type Manifest, tlsSecret, workload } from '../e2e/support/objects.ts';
import { type Backend, type Seen, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { freePort } from '../support/ports.ts';
import { startTlsServer, type TlsServer } from './support/tls-server.ts';
import { FORMS, type Form, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

let pair: Pair;
let server: TlsServer;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  pair = await makeLeaf(await makeAuthority(), { names: ['web.example'] });
  server = await startTlsServer({ pair });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => server?.close());

for (const form of FORMS) {
  test(`bodies, headers, WebSockets, retries, ${form}`, async () => {
    const tls = await backendOf('tls', { cert: pair.cert, key: pair.key });
    const dead = `127.0.0.1:${await freePort()}`;
    const bed = await start(form, [
      ...workload('web', [tls.endpoint]),
      ...workload('half', [tls.endpoint, dead]),
      ...workload('none', []),
      https('web', 'web'),
      https('half', 'half'),
      https('none', 'none'),
      https('slow', 'web', { 'proxy-read-timeout': '1' }),
    ]);
    const seen = (await bed.get('web.example', { target: '/a/%41?x=1' })).json<Seen>();
    expect(seen).toMatchObject({ url: '/a/%41?x=1', httpVersion: '1.1' });
    expect(seen.headers).toMatchObject({ host: 'web.example', 'x-forwarded-proto': 'http' });
    const body = 'x'.repeat(300_000);
    const headers = { 'Content-Length': String(body.length) };
    const posted = await bed.get('web.example', { method: 'POST', headers, body });
    expect(posted.json<Seen>().bodyLength).toBe(body.length);
    const much = { 'Content-Length': String(1_048_577) };
    expect((await bed.get('web.example', { method: 'POST', headers: much })).status).toBe(413);
    for (let i = 0; i < 6; i++) expect((await bed.get('half.example')).status).toBe(200);
    expect((await bed.get('none.example')).status).toBe(503);
    tls.behave({ delayMs: 1500 });
    expect((await bed.get('slow.example')).status).toBe(504);
    tls.behave({});

    const socket = new WebSocket(`ws://127.0.0.1:${bed.httpPort}/`, { headers: { host: 'web.example' } });
    closing.push(() => socket.terminate());
    await once(socket, 'message');
    socket.send('to and fro');
    expect(String(((await once(socket, 'message')) as [Buffer])[0])).toBe('to and fro');
  });

  test(`AUTO_HTTP speaks as the client came, ${form}`, async () => {
    const both = await startEither(pair);
    const bed = await start(form, [
      tlsSecret('tls', pair),
      ...workload('web', [both.endpoint]),
      ingress('web', {
        host: 'web.example',
        service: 'web',
        tls: 'tls',
        annotations: { 'backend-protocol': 'AUTO_HTTP', 'ssl-redirect': 'false' },
      }),
    ]);
    // Alternating, over kept connections: the pools of the two must not be one.
    for (let i = 0; i < 10; i++) {
      const plain = await bed.get('web.example');
      const secured = await bed.get('web.example', { tls: { servername: 'web.example' } });
      expect([plain.json<Seen>().name, secured.json<Seen>().name]).toEqual(['plain', 'tls']);
    }
  });

  test(`routes of all protocols to one address, ${form}`, async () => {
    const bed = await start(form, [
      ...workload('web', [server.endpoint]),
      https('web', 'web'),
      ingress('plain', { host: 'plain.example', service: 'web' }),
      ingress('rpc', {
        host: 'rpc.example',
        service: 'web',
        annotations: { 'backend-protocol': 'GRPCS' },
      }),
    ]);
    for (let i = 0; i < 10; i++) {
      expect((await bed.get('web.example')).status).toBe(200);
      // Plain HTTP to a TLS port, and HTTP/2 to a server without it, fail; had they a TLS connection of another
      // route, they would not.
      expect((await bed.get('plain.example')).status).toBeGreaterThanOrEqual(400);
      expect((await bed.get('rpc.example')).status).toBe(502);
    }
    expect(server.seen.every(({ host }) => host === 'web.example')).toBe(true);
  });

  test(`proxy-http-version, ${form}`, async () => {
    const backend = await backendOf('old');
    const bed = await start(form, [
      ...workload('web', [backend.endpoint]),
      ingress('web', {
        host: 'web.example',
        service: 'web',
        annotations: { 'proxy-http-version': '1.0' },
      }),
    ]);
    expect((await bed.get('web.example')).json<Seen>().httpVersion).toBe('1.0');
  });
}

test('nothing that an Ingress may say stops the file', async () => {
  const ciphers = [
    'DEFAULT',
    'HIGH:!aNULL:!eNULL:!NULL:!MD5:!DES:!3DES:!RC4:!RC2:!EXP:!EXPORT:!LOW:!MEDIUM:!PSK:!SRP',
    'ECDHE-RSA-AES128-GCM-SHA256:!CAMELLIA:!ARIA:!SEED:!IDEA:!DSS:!aDSS:!ADH:!AECDH:!kRSA',
    'ECDHE-ECDSA-CHACHA20-POLY1305:@STRENGTH:UNKNOWN-SUITE:EECDH+AESGCM',
    `HIGH:${'A'.repeat(990)}`,
    'ZZZ:@STRENGTH:ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256',
  ];
  const names = [
    'a'.repeat(63),
    `${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}`,
    'x_y',
  ];
  const data = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`${'P'.repeat(60)}${i}`, `$uri${'%'.repeat(950)}`]),
  );
  const bed = await start('compiled', [
    ...workload('web', [server.endpoint]),
    ...ciphers.map((list, i) => https(`cipher-${i}`, 'web', { 'proxy-ssl-ciphers': list })),
    ...names.map((name, i) =>
      https(`name-${i}`, 'web', { 'proxy-ssl-name': name, 'proxy-ssl-server-name': 'on' }),
    ),
    ...['TLSv1', 'TLSv1.1 TLSv1.3', 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3'].map((list, i) =>
      https(`version-${i}`, 'web', { 'proxy-ssl-protocols': list }),
    ),
    https('no-such', 'not/a service', { 'proxy-ssl-server-name': 'on' }),
    ingress('cgi', {
      host: 'cgi.example',
      service: 'web',
      annotations: {
        'backend-protocol': 'FCGI',
        'fastcgi-params-configmap': 'params',
        'fastcgi-index': 'i'.repeat(128),
      },
    }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'params', namespace: 'default' }, data },
  ]);
  for (const i of ciphers.keys()) expect((await bed.get(`cipher-${i}.example`)).status).toBe(200);
  expect((await bed.get('no-such.example')).status).toBe(503);
});

async function start(form: Form, objects: readonly Manifest[]): Promise<UpstreamBed> {
  const bed = await startUpstreamBed(form, objects);
  closing.push(() => bed.close());
  expect(bed.diagnostics.filter((text) => !/^(endpoints-none|service-)/.test(text))).toEqual([]);
  return bed;
}

function https(name: string, service: string, annotations: Readonly<Record<string, string>> = {}): Manifest {
  return ingress(name, {
    host: `${name}.example`,
    service,
    annotations: { 'backend-protocol': 'HTTPS', ...annotations },
  });
}

async function backendOf(name: string, tls?: Pair): Promise<Backend> {
  const backend = await startBackend({ name, ...(tls === undefined ? {} : { tls }) });
  closing.push(() => backend.close());
  return backend;
}

/** One address on which HTTP and HTTPS are spoken, told apart by the first byte. */
async function startEither(own: Pair): Promise<{ readonly endpoint: string }> {
  const plain = await backendOf('plain');
  const tls = await backendOf('tls', own);
  const sockets = new Set<Socket>();
  const either: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      // 22: a TLS handshake.
      const target = connect(first[0] === 22 ? tls.port : plain.port, '127.0.0.1');
      sockets.add(target);
      target.on('error', () => socket.destroy());
      target.write(first);
      socket.pipe(target).pipe(socket);
    });
  });
  either.listen(0, '127.0.0.1');
  await once(either, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => either.close(done));
  });
  const bound = either.address();
  if (bound === null || typeof bound === 'string') throw new Error('not a TCP server');
  return { endpoint: `127.0.0.1:${bound.port}` };
}
