// What one check says of an endpoint: real sockets to endpoints that are well, ill, slow, or speak something else.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type SecureVersion } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Backend, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { freePort } from '../support/ports.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import {
  type GrpcHealth,
  type HealthEndpoint,
  startGrpcHealth,
  startRaw,
} from './support/health-endpoints.ts';

type Outcome = { readonly ok: boolean; readonly reason: string | null; readonly ms: number };

let gateway: Gateway;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
});
afterAll(() => gateway?.close());

function probe(check: string, port: number, address = '127.0.0.1'): Promise<Outcome> {
  return gateway.run<Outcome>(`
    local begun = ngx.now()
    local check = ${check}
    check.timeout = check.timeout or 2
    local ok, reason = require("ingress.health.probes").run(check, "${address}", ${port})
    ngx.update_time()
    return { ok = ok, reason = reason or require("cjson").null, ms = (ngx.now() - begun) * 1000 }`);
}

async function raw(...args: Parameters<typeof startRaw>): Promise<HealthEndpoint> {
  const endpoint = await startRaw(...args);
  open.push(endpoint);
  return endpoint;
}

async function http(options: Partial<Parameters<typeof startBackend>[0]> = {}): Promise<Backend> {
  const backend = await startBackend({ name: 'checked', ...options });
  open.push(backend);
  return backend;
}

async function grpc(health: Partial<GrpcHealth>): Promise<HealthEndpoint> {
  const endpoint = await startGrpcHealth({ services: { '': 1 }, ...health });
  open.push(endpoint);
  return endpoint;
}

const OK = { ok: true, reason: null };
const bad = (reason: string) => ({ ok: false, reason });

test('tcp: a connection is enough', async () => {
  expect(await probe('{ type = "tcp" }', (await raw([])).port)).toMatchObject(OK);
  const v6 = await raw([], { address: '::1' });
  expect(await probe('{ type = "tcp" }', v6.port, '[::1]')).toMatchObject(OK);
});

test.each(['tcp', 'http', 'https', 'grpc'])('%s: nobody listens', async (type) => {
  expect(await probe(`{ type = "${type}" }`, await freePort())).toMatchObject(bad('connection refused'));
});

test('http: what is asked', async () => {
  const backend = await http();
  expect(await probe('{ type = "http", path = "/healthz?a=b" }', backend.port)).toMatchObject(OK);
  expect(backend.last()).toMatchObject({
    method: 'GET',
    url: '/healthz?a=b',
    headers: {
      host: backend.endpoint,
      'user-agent': 'ingress-openresty/health-check',
      connection: 'close',
    },
  });
  await probe('{ type = "http", host = "shop.test" }', backend.port);
  expect(backend.last()).toMatchObject({ url: '/', headers: { host: 'shop.test' } });
});

test.each([
  [200, '{ { 200, 399 } }', true],
  [399, '{ { 200, 399 } }', true],
  [404, '{ { 200, 399 } }', false],
  [503, '{ { 200, 399 } }', false],
  [503, '{ { 200, 200 }, { 500, 503 } }', true],
  [204, '{ { 200, 200 }, { 500, 503 } }', false],
  [302, 'nil', true],
  [400, 'nil', false],
])('http: status %d among %s: %p', async (status, statuses, ok) => {
  const backend = await http();
  backend.behave({ status });
  const outcome = await probe(`{ type = "http", statuses = ${statuses} }`, backend.port);
  expect(outcome).toMatchObject(ok ? OK : bad(`status ${status}`));
});

test.each<[string, readonly string[], { ends?: boolean }, Partial<Outcome>]>([
  ['a status line in parts', ['HTT', 'P/1.', '1 20', '0 OK\r', '\n'], {}, OK],
  ['without a reason', ['HTTP/1.1 200\r\n\r\n'], {}, OK],
  ['HTTP/1.0, line feeds alone', ['HTTP/1.0 200 OK\n\n'], {}, OK],
  [
    'interim answers',
    ['HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n', 'HTTP/1.1 503 no\r\n\r\n'],
    {},
    bad('status 503'),
  ],
  ['an interim answer alone', ['HTTP/1.1 100 Continue\r\n\r\n'], { ends: true }, bad('connection closed')],
  ['something else', ['220 mail.test ESMTP\r\n'], {}, bad('no HTTP answer')],
  ['a status of four digits', ['HTTP/1.1 2000 OK\r\n\r\n'], {}, bad('no HTTP answer')],
  ['a line without end', ['x'.repeat(20_000)], {}, bad('no HTTP answer')],
  ['nothing', [], { ends: true }, bad('connection closed')],
])('http: %s', async (_, send, options, outcome) => {
  const endpoint = await raw(send, options);
  expect(await probe('{ type = "http" }', endpoint.port)).toMatchObject(outcome);
});

test('http: an endless answer is not read', async () => {
  const backend = await http();
  backend.behave({ bodyBytes: 1 << 30 });
  const outcome = await probe('{ type = "http" }', backend.port);
  expect(outcome).toMatchObject(OK);
  expect(outcome.ms).toBeLessThan(1500);
});

// Each part comes in time, the whole does not: the deadline is of the check and not of a read.
test('the timeout is that of the whole check', async () => {
  const drip = 'HTTP/1.1 200 OK and a long reason that takes its time\r\n\r\n'.split('');
  const endpoint = await raw(drip, { pauseMs: 50 });
  const outcome = await probe('{ type = "http", timeout = 0.4 }', endpoint.port);
  expect(outcome).toMatchObject(bad('timeout'));
  expect(outcome.ms).toBeGreaterThan(300);
  expect(outcome.ms).toBeLessThan(1500);
});

test.each(['http', 'https', 'grpc'])('%s: silence is a timeout', async (type) => {
  const outcome = await probe(`{ type = "${type}", timeout = 0.3 }`, (await raw([])).port);
  expect(outcome).toMatchObject(bad('timeout'));
  expect(outcome.ms).toBeLessThan(1500);
});

test('https: any certificate, the same rules for statuses', async () => {
  const leaf = await makeLeaf(await makeAuthority(), { names: ['other.test'] });
  const backend = await http({ tls: { cert: leaf.cert, key: leaf.key } });
  expect(await probe('{ type = "https" }', backend.port)).toMatchObject(OK);
  expect(await probe('{ type = "https", host = "shop.test:8443" }', backend.port)).toMatchObject(OK);
  expect(backend.last()).toMatchObject({ headers: { host: 'shop.test:8443' } });
  backend.behave({ status: 500 });
  expect(await probe('{ type = "https" }', backend.port)).toMatchObject(bad('status 500'));
});

test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
  'https: %s alone, and the name that is shown',
  async (version) => {
    const leaf = await makeLeaf(await makeAuthority(), { names: ['other.test'] });
    const names: (string | false | null)[] = [];
    const options = { cert: leaf.cert, key: leaf.key, minVersion: version, maxVersion: version };
    const server = createTlsServer(options, (socket) => {
      names.push(socket.servername);
      socket.on('error', () => socket.destroy());
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.destroySoon();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push({ close: () => new Promise((done) => void server.close(() => done())) });
    const { port } = server.address() as AddressInfo;
    for (const host of ['', ', host = "shop.test:8443"', ', host = "10.0.0.1"']) {
      expect(await probe(`{ type = "https"${host} }`, port)).toMatchObject(OK);
    }
    expect(names).toEqual([false, 'shop.test', false]);
  },
);

test('https: an endpoint without TLS', async () => {
  const outcome = await probe('{ type = "https" }', (await http()).port);
  expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(/^no TLS: /) });
});

test('grpc: serving, as a whole and by name', async () => {
  const name = `shop.${'x'.repeat(140)}.Cart`;
  const endpoint = await grpc({ services: { '': 1, [name]: 1, 'shop.Ill': 2, 'shop.New': 0 } });
  expect(await probe('{ type = "grpc" }', endpoint.port)).toMatchObject(OK);
  expect(await probe(`{ type = "grpc", service = "${name}" }`, endpoint.port)).toMatchObject(OK);
  const ill = await probe('{ type = "grpc", service = "shop.Ill" }', endpoint.port);
  expect(ill).toMatchObject(bad('not serving (grpc)'));
  const fresh = await probe('{ type = "grpc", service = "shop.New" }', endpoint.port);
  expect(fresh).toMatchObject(bad('unknown (grpc)'));
  const none = await probe('{ type = "grpc", service = "shop.None" }', endpoint.port);
  expect(none).toMatchObject(bad('service unknown (grpc)'));
});

test.each<[NonNullable<GrpcHealth['fault']>, string]>([
  ['unimplemented', 'no health service (grpc)'],
  ['refuse', 'status 503'],
  ['reset', 'HTTP/2 stream reset, error 2'],
  ['goaway', 'HTTP/2 connection refused, error 11'],
  ['hang', 'timeout'],
  ['empty', 'unknown (grpc)'],
])('grpc: %s', async (fault, reason) => {
  const endpoint = await grpc({ fault });
  expect(await probe('{ type = "grpc", timeout = 0.5 }', endpoint.port)).toMatchObject(bad(reason));
});

test('grpc: an endpoint of HTTP/1.1', async () => {
  const outcome = await probe('{ type = "grpc" }', (await http()).port);
  expect(outcome).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^(no HTTP\/2 answer|connection closed)$/),
  });
});

const frame = (kind: number, flags: number, stream: number, payload: readonly number[]) =>
  Buffer.from([0, 0, payload.length, kind, flags, 0, 0, 0, stream, ...payload]);
const SERVING = [0, 0, 0, 0, 2, 8, 1];

test.each<[string, readonly Buffer[], Partial<Outcome>]>([
  [
    'padding, priorities, other frames',
    [
      frame(4, 0, 0, []),
      frame(8, 0, 0, [0, 0, 1, 0]),
      frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
      frame(1, 0x2c, 1, [2, 0, 0, 0, 0, 9, 0x88, 0, 0]),
      frame(0, 8, 1, [3, ...SERVING, 0, 0, 0]),
    ],
    OK,
  ],
  ['a message in parts', [frame(4, 0, 0, []), ...SERVING.map((byte) => frame(0, 0, 1, [byte]))], OK],
  [
    'fields in parts',
    [frame(1, 1, 1, [0x88]), frame(9, 4, 1, [0x40, 11, ...Buffer.from('grpc-status'), 1, 0x39])],
    bad('grpc status 9'),
  ],
  [
    'a change of the table first',
    [frame(1, 5, 1, [0x3f, 0xe1, 0x1f, 0x48, 3, 0x34, 0x32, 0x39])],
    bad('status 429'),
  ],
  [
    'a status in the code of Huffman',
    [frame(1, 5, 1, [0x88, 0x40, 0x88, 0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f, 2, 0x31, 0x34])],
    bad('grpc status 14'),
  ],
  ['an end without anything', [frame(0, 1, 1, [])], bad('no answer (grpc)')],
  ['a compressed message', [frame(0, 1, 1, [1, 0, 0, 0, 2, 8, 1])], bad('no answer (grpc)')],
  ['another stream', [frame(0, 1, 3, SERVING)], bad('timeout')],
  [
    'frames without end',
    Array.from({ length: 200 }, () => frame(8, 0, 0, [0, 0, 1, 0])),
    bad('HTTP/2 answer without end'),
  ],
  ['a mannerly farewell', [frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]), frame(0, 0, 1, SERVING)], OK],
  [
    'a farewell before we were heard',
    [frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])],
    bad('HTTP/2 connection refused, error 0'),
  ],
])('grpc: %s', async (_, frames, outcome) => {
  const endpoint = await raw([Buffer.concat(frames)]);
  expect(await probe('{ type = "grpc", timeout = 0.5 }', endpoint.port)).toMatchObject(outcome);
});

// What is sent is read by a real server above; that we acknowledge is seen here.
test('grpc: settings and pings are answered', async () => {
  const endpoint = await raw([
    frame(4, 0, 0, []),
    frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
    frame(0, 0, 1, SERVING),
  ]);
  await probe('{ type = "grpc" }', endpoint.port);
  const received = endpoint.received();
  expect(received).toContain(frame(4, 1, 0, []).toString('latin1'));
  expect(received).toContain(frame(6, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8]).toString('latin1'));
});

test('no socket is left open', async () => {
  const endpoint = await raw(['nonsense']);
  const look = () =>
    gateway.run<number>(`local n = 0
      for _, name in ipairs(require("ingress.system").list("/proc/self/fd")) do n = n + 1 end return n`);
  const before = await look();
  for (let i = 0; i < 20; i++) await probe('{ type = "http", timeout = 0.2 }', endpoint.port);
  expect(await look()).toBeLessThan(before + 5);
});
