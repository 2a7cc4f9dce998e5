// Under load, everything behind a host is replaced again and again, keys included: no request notices.

import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DocumentKey } from '../../src/model/document.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { at, backend, delta, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
let upstreams: readonly Backend[];

beforeAll(async () => {
  upstreams = await Promise.all(['even', 'odd'].map((name) => startBackend({ name })));
  gateway = await startGateway({ workers: 2 });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

const generationOf = (n: number) => [
  backend(`b${n}`, upstreams[n % 2]?.endpoint ?? ''),
  route(`r${n}`, `b${n}`),
  host('shop.test', { '/': `r${n}` }),
];
const gone = (n: number): readonly DocumentKey[] => [`route:r${n}`, `backend:b${n}`];

const bothWorkers = () =>
  eventually('both workers run', async () => {
    const pids = await gateway.workers();
    return pids.length === 2 ? pids : null;
  });

test('a hundred replacements of route and backend keys', async () => {
  await gateway.post(full(at(1, 0), [settings(), ...generationOf(0)]));
  const workers = await bothWorkers();
  const load = startLoad({ port: gateway.port, host: 'shop.test', connections: 16, rate: 2000 });
  for (let n = 1; n <= 100; n++) {
    const answer = await gateway.post(delta(at(1, n - 1), at(1, n), generationOf(n), gone(n - 1)));
    expect(answer.status.applied).toBe(true);
    // nothing that is asked from now on may reach the backend of before
    const seen = await gateway.ask('shop.test', '/');
    expect(seen.headers['x-backend']).toBe(n % 2 === 0 ? 'even' : 'odd');
  }
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  expect(report.ok).toBeGreaterThan(100);
  expect(await bothWorkers()).toEqual(workers);
});

test('a request whose key leaves while its body is on its way ends at the new route', async () => {
  await gateway.post(full(at(2, 0), [settings(), ...generationOf(0)]));
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345');
  await new Promise((done) => setTimeout(done, 100));
  await gateway.post(delta(at(2, 0), at(2, 1), generationOf(1), gone(0)));
  socket.write('67890');
  let answer = '';
  for await (const part of socket as AsyncIterable<Buffer>) answer += part.toString();
  expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*x-backend: odd/);
});
