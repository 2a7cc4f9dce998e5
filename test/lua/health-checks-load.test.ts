// Active checks of many endpoints, and of endpoints that serve: checks are on time, and traffic leaves who is ill.

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { at, backend, delta, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { checked, eventuallyChecker, eventuallyStates, healthOf } from './support/health-report.ts';

const ID = 'default/shop/80';

let gateway: Gateway | undefined;
const open: { close: () => Promise<void> }[] = [];

afterEach(async () => {
  const log = (await gateway?.errorLog()) ?? '';
  await gateway?.close();
  await Promise.all(open.splice(0).map((one) => one.close()));
  expect(log).not.toMatch(/failed in itself|cannot be checked|lua (entry|user) thread|not enough/);
});

/** One server at all addresses of the loopback net: moments of connections by address. */
async function startMany(hangs: (address: string) => boolean) {
  const times = new Map<string, number[]>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const address = socket.localAddress ?? '';
    times.set(address, [...(times.get(address) ?? []), performance.now()]);
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      if (!hangs(address)) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  server.listen({ host: '0.0.0.0', port: 0, backlog: 4096 });
  await once(server, 'listening');
  open.push({
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  });
  return { times, port: (server.address() as AddressInfo).port };
}

const addressOf = (i: number) => `127.1.${Math.floor(i / 250)}.${(i % 250) + 1}`;
const COUNT = 500;

// Half of them never answer: their checks last as long as the interval, and keep nobody else waiting.
test.each([
  ['all answer', 0],
  ['half of them hang', COUNT / 2],
])(
  '500 endpoints, each second: %s',
  async (_, hanging) => {
    const hung = new Set(Array.from({ length: hanging }, (_, i) => addressOf(i * 2)));
    const { times, port } = await startMany((address) => hung.has(address));
    gateway = await startGateway({ workers: 2 });
    const names = Array.from({ length: COUNT }, (_, i) => `${addressOf(i)}:${port}`);
    const check = { interval: 1, timeout: 1, fall: 2, rise: 2 };
    await gateway.post(full(at(1, 1), [settings(), checked(ID, check, ...names)]));
    await eventually('all were asked', () => times.size === COUNT);
    await sleep(1500); // the first checks are at once, the second ones at the endpoint's moment
    times.clear();
    const begun = performance.now();
    await sleep(6000);
    const seconds = (performance.now() - begun) / 1000;
    expect(times.size).toBe(COUNT);
    const counts = [...times.values()].map((list) => list.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(Math.floor(seconds) - 2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
    const gaps = [...times.values()].flatMap((list) => list.slice(1).map((time, i) => time - (list[i] ?? 0)));
    expect(Math.max(...gaps)).toBeLessThan(2000);
    await eventually(
      'those that hang are out',
      async () => (await healthOf(gateway as Gateway)).out === hanging,
    );
  },
  60_000,
);

test('thousands of documents: what is checked is found among them, and found anew by who takes over', async () => {
  const one = await startBackend({ name: 'one' });
  open.push(one);
  gateway = await startGateway({ workers: 2, documentsSize: '16m' });
  const others = Array.from({ length: 5000 }, (_, i) => backend(`default/other-${i}/80`, '10.0.0.1:80'));
  await gateway.post(full(at(1, 1), [settings(), ...others, checked(ID, {}, one.endpoint)]));
  await eventuallyStates(gateway, ID, 'healthy');
  const checker = await eventuallyChecker(gateway);
  one.behave({ status: 500 });
  process.kill(checker, 'SIGKILL');
  await eventuallyStates(gateway, ID, 'unhealthy');
  await gateway.post(delta(at(1, 1), at(1, 2), [checked('default/new/80', {}, one.endpoint)]));
  await eventuallyStates(gateway, 'default/new/80', 'unhealthy');
});

type Fault = 'none' | 'status' | 'reset' | 'hang';

/** Answers checks and requests alike, and counts the latter. */
async function startFaulty() {
  let fault: Fault = 'none';
  let served = 0;
  let lastServed = 0;
  const server = createHttpServer((request, response) => {
    if (request.headers['user-agent'] !== 'ingress-openresty/health-check') {
      served += 1;
      lastServed = performance.now();
    }
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    response.writeHead(fault === 'status' ? 503 : 200).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    served: () => served,
    lastServed: () => lastServed,
    become: (next: Fault) => {
      fault = next;
    },
  };
}

test('traffic leaves an endpoint in time, however it fails, and comes back', async () => {
  const check = { interval: 1, timeout: 0.5, fall: 2, rise: 2 };
  const [ill, well] = [await startFaulty(), await startFaulty()];
  const running = await startGateway({ workers: 2 });
  gateway = running;
  await running.post(
    full(at(1, 1), [
      settings(),
      checked(ID, check, ill.endpoint, well.endpoint),
      route('r', ID, { timeouts: { connect: 1, send: 1, read: 1 } }),
      host('shop.test', { '/': 'r' }),
    ]),
  );
  await eventuallyStates(running, ID, 'healthy', 'healthy');
  const load = startLoad({ port: running.port, host: 'shop.test', connections: 64, rate: 100 });
  for (const fault of ['status', 'reset', 'hang'] as const) {
    const before = ill.served();
    await eventually('it serves', () => ill.served() > before + 10);
    ill.become(fault);
    const begun = performance.now();
    await eventuallyStates(running, ID, 'unhealthy', 'healthy');
    await eventually('nothing goes there', () => performance.now() - ill.lastServed() > 1500);
    const left = ill.lastServed() - begun;
    expect(left).toBeLessThan((check.interval * check.fall + check.timeout + 0.25) * 1000 + 750);
    ill.become('none');
    const [served, again] = [ill.served(), performance.now()];
    await eventually('it serves again', () => ill.served() > served);
    expect(performance.now() - again).toBeLessThan((check.interval * check.rise + 0.25) * 1000 + 750);
  }
  await load.stop();
}, 60_000);
