// The interpreter on the real server: which host and path end where, and what is answered without an upstream.

import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Backend, startBackend } from '../support/backend.ts';
import type { RawRequest } from '../support/http-client.ts';
import { at, delta, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { routingWorld } from './support/routing-world.ts';

let gateway: Gateway;
let upstream: Backend;

beforeAll(async () => {
  upstream = await startBackend({ name: 'upstream' });
  gateway = await startGateway({
    servers: `server {
      listen 127.0.0.1:{port}; server_name compiled.test;
      location = /exact { set $route "exact"; proxy_pass http://01_shard; }
      location /dir/ { set $route "dir"; proxy_pass http://01_shard; }
      location /gone/ { set $route "left@1"; proxy_pass http://01_shard; }
      location /denied/ { set $route "denied"; proxy_pass http://01_shard; }
      location /empty/ { set $route "empty"; proxy_pass http://01_shard; }
    }`,
  });
  const answer = await gateway.post(full(at(1, 1), routingWorld(upstream.endpoint)));
  expect(answer.code).toBe(200);
});

afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const send = (name: string, target: string, more: Partial<RawRequest> = {}) =>
  gateway.ask(name, target, more);

test.each([
  ['shop.test', '/', 200],
  ['shop.test', '/exact', 200],
  ['shop.test', '/exact/', 200],
  ['shop.test', '/dir/x', 200],
  ['SHOP.test:8080', '/dir/deep/x?y=1', 200],
  ['shop.test.', '/a/../dir/./x', 200],
  ['shop.test', '//dir//x', 200],
  ['shop.test', '/%64ir/x', 200],
  ['a.wild.test', '/x', 200],
  ['a.b.wild.test', '/any/', 200],
  ['a.b.wild.test', '/x', 404],
  ['wild.test', '/x', 404],
  ['known.wild.test', '/only/x', 200],
  ['known.wild.test', '/other', 404],
  ['paths.test', '/only/', 200],
  ['paths.test', '/onlyx', 404],
  ['paths.test', '/any/', 404],
  ['paths.test', '/lost', 404],
  ['paths.test', '/denied', 503],
  ['paths.test', '/empty', 503],
  ['answers.test', '/nobody/', 503],
  ['nobody.test', '/any/thing', 200],
  ['nobody.test', '/thing', 404],
  [`${'a'.repeat(250)}.wild.test`, '/', 404],
])('%s%s → %d', async (name, target, status) => {
  expect((await send(name, target)).status).toBe(status);
});

test('without a Host, and in absolute form', async () => {
  expect((await send('', '/any/x', { host: null, version: '1.0' })).status).toBe(200);
  expect((await send('other.test', 'http://shop.test/dir/x')).status).toBe(200);
  expect((await send('shop.test', 'http://nobody.test/thing')).status).toBe(404);
});

test('the URI goes on as it came', async () => {
  await send('shop.test', '/%64ir/x%2Fy?z=%20');
  expect(upstream.last()?.url).toBe('/%64ir/x%2Fy?z=%20');
});

test('a URI without the last slash of a location is redirected to it, as nginx does', async () => {
  for (const [name, target, location] of [
    ['shop.test', '/dir', 'http://shop.test/dir/'],
    ['shop.test:8443', '/dir?a=1&b', 'http://shop.test/dir/?a=1&b'],
    ['shop.test', '/dir/deep', 'http://shop.test/dir/deep/'],
    ['shop.test', '/end', 'http://shop.test/end/'],
    ['shop.test', '/sp%20ace', 'http://shop.test/sp%20ace/'],
    ['nobody.test', '/any', 'http://nobody.test/any/'],
    ['compiled.test', '/dir?a=1', 'http://compiled.test/dir/?a=1'],
  ] as const) {
    const response = await send(name, target);
    expect([response.status, response.headers.location]).toEqual([301, location]);
  }
  expect((await send('shop.test', '/both')).status).toBe(200);
});

test('plain HTTP is redirected to https', async () => {
  for (const [name, target, location] of [
    ['answers.test', '/tls/', 'https://answers.test/tls'],
    ['answers.test:8080', '/tls/a?b=c', 'https://answers.test/tls/a?b=c'],
    ['answers.test', '/tls//', 'https://answers.test/tls/'],
  ] as const) {
    const response = await send(name, target);
    expect([response.status, response.headers.location]).toEqual([308, location]);
  }
  expect((await send('answers.test', '/.well-known/acme-challenge/x')).status).toBe(200);
  expect((await send('answers.test', '/tls/', { headers: { 'x-forwarded-proto': 'https' } })).status).toBe(
    200,
  );
  expect((await send('answers.test', '/tls/', { port: gateway.tlsPort, tls: {} })).status).toBe(200);
});

const chunked = { method: 'POST', headers: { 'transfer-encoding': 'chunked' } };
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;

test('bodies beyond the limit of the route', async () => {
  const post = (target: string, body: string) => send('answers.test', target, { method: 'POST', body });
  expect((await post('/tiny/', 'x'.repeat(100))).status).toBe(200);
  expect((await post('/tiny/', 'x'.repeat(101))).status).toBe(413);
  expect((await post('/unlimited/', 'x'.repeat(3 << 20))).status).toBe(200);
  // its location has the limit as a directive: nginx counts
  expect((await send('shop.test', '/', { ...chunked, body: chunk(2 << 20) })).status).toBe(413);
  expect((await send('shop.test', '/', { ...chunked, body: chunk(1000) })).status).toBe(200);
});

test('a profile that the files lack: checked bodies pass, others wait for the compile', async () => {
  const post = (body: string) => send('answers.test', '/new/', { method: 'POST', body });
  expect((await send('answers.test', '/new/')).status).toBe(200);
  expect((await post('x'.repeat(100))).status).toBe(200);
  expect((await post('x'.repeat(101))).status).toBe(413);
  expect((await send('answers.test', '/new/', { ...chunked, body: chunk(10) })).status).toBe(503);
  expect((await send('answers.test', '/no/')).status).toBe(503);
});

test('compiled locations: live route, key that left, denied, without endpoints', async () => {
  expect((await send('compiled.test', '/exact')).status).toBe(200);
  expect((await send('compiled.test', '/denied/')).status).toBe(503);
  expect((await send('compiled.test', '/empty/')).status).toBe(503);
  // the key is gone, but the documents know the path by now
  expect((await send('compiled.test', '/gone/')).status).toBe(200);
  await gateway.post(delta(at(1, 1), at(1, 2), [], ['host:compiled.test']));
  expect((await send('compiled.test', '/gone/')).status).toBe(404);
  expect((await send('compiled.test', '/gone/', { method: 'POST', body: 'x'.repeat(300_000) })).status).toBe(
    404,
  );
  expect((await send('compiled.test', '/exact')).status).toBe(200);
});

test('a stale location asks the router: a gate on a path that the files lack holds', async () => {
  const { generation } = (await gateway.get()).status;
  const stale = route('dir', 'b', { stale: true });
  const paths = host('compiled.test', {
    '=/exact': 'exact',
    '/dir/': 'dir',
    '/dir/admin/': 'denied',
    '/dir/tls/': 'tls',
    '=/dir/slash/': 'exact',
  });
  await gateway.post(delta(at(1, generation), at(1, generation + 1), [stale, paths]));
  expect((await send('compiled.test', '/dir/x')).status).toBe(200);
  expect((await send('compiled.test', '/dir/admin/')).status).toBe(503);
  expect((await send('compiled.test', '/dir/admin/x', { method: 'POST', body: 'x' })).status).toBe(503);
  // what a balancer cannot answer (redirects) is served as before until the files follow
  expect((await send('compiled.test', '/dir/tls/')).status).toBe(200);
  expect((await send('compiled.test', '/dir/slash')).status).toBe(200);
  const without = host('compiled.test', { '=/exact': 'exact', '/dir/sub/': 'dir' });
  await gateway.post(delta(at(1, generation + 1), at(1, generation + 2), [without]));
  expect((await send('compiled.test', '/dir/x')).status).toBe(404);
  expect((await send('compiled.test', '/dir/sub/x')).status).toBe(200);
});

test('the default route serves what nothing matches', async () => {
  const status = (await gateway.get()).status;
  const { generation } = status;
  await gateway.post(delta(at(1, generation), at(1, generation + 1), [settings({ defaultRoute: 'root' })]));
  for (const [name, target] of [
    ['nobody.test', '/thing'],
    ['paths.test', '/other'],
  ] as const) {
    expect((await send(name, target)).status).toBe(200);
  }
  await gateway.post(delta(at(1, generation + 1), at(1, generation + 2), [settings()]));
  expect((await send('nobody.test', '/thing')).status).toBe(404);
});

test('HTTP/2: routed, refused, and a body of unknown length counted by nginx', async () => {
  const session = connectHttp2(`https://127.0.0.1:${gateway.tlsPort}`, { rejectUnauthorized: false });
  const ask = (authority: string, path: string, body?: string, withBody = 'POST') =>
    new Promise<number>((done, fail) => {
      const method = body === undefined ? 'GET' : withBody;
      const stream = session.request(
        { ':method': method, ':path': path, ':authority': authority },
        { endStream: body === undefined },
      );
      stream.on('response', (headers) => done(Number(headers[':status'])));
      stream.on('error', fail);
      stream.resume();
      if (body !== undefined) stream.end(body);
    });
  try {
    expect(await ask('shop.test', '/dir/x')).toBe(200);
    expect(await ask('shop.test', '/dir')).toBe(301);
    expect(await ask('paths.test', '/x')).toBe(404);
    expect(await ask('shop.test', '/', 'x'.repeat(1000))).toBe(200);
    expect(await ask('shop.test', '/', 'x'.repeat(2 << 20))).toBe(413);
    expect(await ask('shop.test', '/', 'x'.repeat(2 << 20), 'GET')).toBe(413);
    expect(await ask('answers.test', '/new/', 'x')).toBe(503);
    expect(await ask('answers.test', '/new/')).toBe(200);
  } finally {
    session.destroy();
  }
});

test('a large upload is streamed by a profile without request buffering', async () => {
  const body = 'x'.repeat(20 << 20);
  const response = await send('answers.test', '/streaming/', { method: 'POST', body });
  expect(response.json<{ bodyLength: number }>().bodyLength).toBe(body.length);
});

test('none of this is an error to the log', async () => {
  const lines = (await gateway.errorLog()).split('\n');
  expect(
    lines.filter((line) => /\[(error|crit|alert|emerg)\]/.test(line) && !/too large/.test(line)),
  ).toEqual([]);
});
