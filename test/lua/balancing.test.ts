// The balancer on the real server: shares, changes of endpoints, retries, canaries, timeouts.

import { expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { startBackend } from '../support/backend.ts';
import { freePorts } from '../support/ports.ts';
import { backend, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';

const { gateway, upstreams, endpoint, put, ask, count } = openShop(['one', 'two', 'three', 'four']);

test('equal endpoints get equal shares, weighted ones theirs', async () => {
  await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), route('r', 'b'));
  // two workers, each exact over its own cycle
  for (const share of Object.values(await count(60))) expect(Math.abs(share - 20)).toBeLessThanOrEqual(2);
  await put(backend('b', `${endpoint(0)}*5`, `${endpoint(1)}*2`, endpoint(2)));
  const { one = 0, two = 0, three = 0 } = await count(80);
  expect(Math.abs(one - 50)).toBeLessThanOrEqual(5);
  expect(Math.abs(two - 20)).toBeLessThanOrEqual(4);
  expect(Math.abs(three - 10)).toBeLessThanOrEqual(3);
});

test('endpoints change with the answer to the push; a removed one gets nothing more', async () => {
  await put(backend('b', endpoint(0)), route('r', 'b'));
  for (let i = 0; i < 50; i++) {
    await put(backend('b', endpoint(i % 3)));
    expect(Object.keys(await count(4))).toEqual([['one', 'two', 'three'][i % 3]]);
  }
  await put(backend('b'));
  expect((await ask()).status).toBe(503);
});

test('IPv6 endpoints', async () => {
  const six = await startBackend({ name: 'six', address: '::1' });
  try {
    await put(backend('b', `[::1]:${six.port}`), route('r', 'b'));
    expect(await count(4)).toEqual({ six: 4 });
  } finally {
    await six.close();
  }
});

test('retries go to each other endpoint once, and no further than tries', async () => {
  const [dead = 0, gone = 0] = await freePorts(2);
  await put(
    backend('b', `127.0.0.1:${dead}`, `127.0.0.1:${gone}`, endpoint(0)),
    route('r', 'b', { tries: 3 }),
  );
  expect(await count(12)).toEqual({ one: 12 });
  await put(route('r', 'b', { tries: 1 }));
  const { one = 0, 502: bad = 0 } = await count(12);
  expect(Math.abs(one - 4)).toBeLessThanOrEqual(1);
  expect(bad).toBe(12 - one);
  await put(route('r', 'b', { tries: 0 }));
  expect(await count(12)).toEqual({ one: 12 });
  await put(backend('b', `127.0.0.1:${dead}`, `127.0.0.1:${gone}`));
  expect(await count(2)).toEqual({ 502: 2 });
});

test('retries of what a canary took stay with the canary', async () => {
  const [dead = 0, gone = 0] = await freePorts(2);
  const canaries = [{ backend: 'c', header: 'x-a', weight: 0, weightTotal: 100 }];
  await put(
    backend('b', endpoint(0)),
    backend('c', `127.0.0.1:${dead}`, `127.0.0.1:${gone}`, endpoint(1)),
    route('r', 'b', { canaries, tries: 3 }),
  );
  expect(await count(9, { headers: { 'x-a': 'always' } })).toEqual({ two: 9 });
  expect(await count(3)).toEqual({ one: 3 });
});

test('a route that had nothing special obeys what it is given, and the other way round', async () => {
  await put(backend('b', endpoint(0), endpoint(1)), backend('c', endpoint(2)), route('r', 'b'));
  expect(await count(6)).toEqual({ one: 3, two: 3 });
  const canaries = [{ backend: 'c', header: 'x-a', weight: 0, weightTotal: 100 }];
  await put(route('r', 'b', { canaries }));
  expect(await count(2, { headers: { 'x-a': 'always' } })).toEqual({ three: 2 });
  await put(route('r', 'b', { denied: 'broken' }));
  expect(await count(2)).toEqual({ 503: 2 });
  await put(route('r', 'c'));
  expect(await count(2, { headers: { 'x-a': 'always' } })).toEqual({ three: 2 });
});

test('no attempt starts after triesTimeout', async () => {
  const [slow, other] = [upstreams()[0], upstreams()[1]];
  slow?.behave({ fault: 'hang' });
  const timeouts = { connect: 1, send: 1, read: 0.3 };
  await put(backend('b', endpoint(0), endpoint(1)), route('r', 'b', { timeouts, triesTimeout: 10 }));
  expect(await count(6)).toEqual({ two: 6 });
  other?.resetCounts();
  await put(backend('b', endpoint(0), `${endpoint(1)}*1`), route('r', 'b', { timeouts, triesTimeout: 0.1 }));
  const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await ask()).status));
  expect(statuses.filter((status) => status === 502)).toHaveLength(6 - (other?.requests() ?? 0));
  expect(statuses).toContain(502);
});

test('timeouts of the route hold instead of those of the files', async () => {
  upstreams()[0]?.behave({ fault: 'hang' });
  const timeouts = { connect: 1, send: 1, read: 0.2 };
  await put(backend('b', endpoint(0)), route('r', 'b', { timeouts }));
  const start = performance.now();
  expect((await ask()).status).toBe(504);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('canary: by weight exactly at 0 and 100, between them within bounds', async () => {
  const canary = (weight: number, weightTotal = 100) => ({
    canaries: [{ backend: 'c', weight, weightTotal }],
  });
  await put(backend('b', endpoint(0)), backend('c', endpoint(1)), route('r', 'b', canary(0)));
  expect(await count(40)).toEqual({ one: 40 });
  await put(route('r', 'b', canary(100)));
  expect(await count(40)).toEqual({ two: 40 });
  await put(route('r', 'b', canary(30)));
  // 400 draws at 0.3: 120 ± 9.2; six standard deviations
  const { two = 0 } = await count(400);
  expect(two).toBeGreaterThan(65);
  expect(two).toBeLessThan(175);
  await put(route('r', 'b', canary(100, 1000)));
  const { two: tenth = 0 } = await count(400);
  // 400 draws at 0.1: 40 ± 6
  expect(tenth).toBeGreaterThan(4);
  expect(tenth).toBeLessThan(76);
});

test('canary: header, value, pattern and cookie in their order', async () => {
  const common = { backend: 'c', weight: 0, weightTotal: 100 };
  const took = async (headers: Record<string, string>) => Object.keys(await count(1, { headers }))[0];
  await put(backend('b', endpoint(0)), backend('c', endpoint(1)));

  await put(route('r', 'b', { canaries: [{ ...common, header: 'x-canary', cookie: 'try' }] }));
  expect(await took({})).toBe('one');
  expect(await took({ 'X-Canary': 'always' })).toBe('two');
  expect(await took({ 'X-Canary': 'never', Cookie: 'try=always' })).toBe('one');
  expect(await took({ 'X-Canary': 'maybe', Cookie: 'a=b; try=always' })).toBe('two');
  expect(await took({ Cookie: 'try=other' })).toBe('one');

  await put(
    route('r', 'b', { canaries: [{ ...common, header: 'x-canary', headerValue: 'v2', weight: 100 }] }),
  );
  expect(await took({ 'X-Canary': 'v2' })).toBe('two');
  expect(await took({ 'X-Canary': 'never' })).toBe('two');

  await put(route('r', 'b', { canaries: [{ ...common, header: 'x-canary', headerPattern: '^v[0-9]+$' }] }));
  expect(await took({ 'X-Canary': 'v17' })).toBe('two');
  expect(await took({ 'X-Canary': 'w17' })).toBe('one');
  const broken = { ...common, header: 'x-canary', headerPattern: '(', weight: 100 };
  await put(route('r', 'b', { canaries: [broken] }));
  expect(await took({ 'X-Canary': 'v17' })).toBe('one');
  expect(await took({})).toBe('two');
});

test('canary: several are asked in order, and one without endpoints not at all', async () => {
  const canaries = [
    { backend: 'c', header: 'x-a', weight: 0, weightTotal: 100 },
    { backend: 'd', header: 'x-b', weight: 0, weightTotal: 100 },
  ];
  await put(backend('b', endpoint(0)), backend('c', endpoint(1)), backend('d', endpoint(2)));
  await put(route('r', 'b', { canaries }));
  expect(await count(2, { headers: { 'x-b': 'always' } })).toEqual({ three: 2 });
  expect(await count(2, { headers: { 'x-a': 'never', 'x-b': 'always' } })).toEqual({ three: 2 });
  expect(await count(2, { headers: { 'x-a': 'always', 'x-b': 'always' } })).toEqual({ two: 2 });
  await put(backend('c'));
  expect(await count(2, { headers: { 'x-a': 'always' } })).toEqual({ one: 2 });
});

test('a WebSocket passes and survives a push and a reload', async () => {
  await put(backend('b', endpoint(0)), route('r', 'b', { canaries: [] }));
  const socket = new WebSocket(`ws://127.0.0.1:${gateway().port}/chat`, { headers: { Host: 'shop.test' } });
  const messages: string[] = [];
  const next = () =>
    new Promise<void>((done) =>
      socket.once('message', (data: Buffer) => done(void messages.push(data.toString('utf8')))),
    );
  await next();
  await put(backend('b', endpoint(1)));
  await gateway().hup();
  const echo = next();
  socket.send('still here');
  await echo;
  expect(messages[1]).toBe('still here');
  expect(JSON.parse(messages[0] ?? '{}')).toMatchObject({ name: 'one', url: '/chat' });
  socket.terminate();
});
