// Endpoints that fail requests: ejected within their bound, back after it; panic; who stands in for whom.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/ports.ts';
import { backend, balanced, MEASURED, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';

const { gateway, upstreams, endpoint, put, ask, count } = openShop(['one', 'two', 'three', 'four']);
let made = 0;
/** A backend of its own for each test: what is known against endpoints outlives documents. */
const fresh = () => `b${++made}`;
const passive = (more: object = {}) => ({
  algorithm: 'round_robin',
  passive: { maxFails: 3, failTimeout: 2, maxEjected: 50, ...more },
});

test('an endpoint that resets is ejected after three failures over all workers, and comes back', async () => {
  const b = fresh();
  await put(balanced(b, passive(), endpoint(0), endpoint(1), endpoint(2)), route('r', b, MEASURED));
  upstreams()[0]?.behave({ fault: 'reset' });
  upstreams()[0]?.resetCounts();
  const shares = await count(60);
  expect(shares[502]).toBeUndefined();
  expect(shares.one).toBeUndefined();
  // three by themselves, and of each worker's at most one that had not heard of it yet
  expect(upstreams()[0]?.requests()).toBeLessThanOrEqual(5);
  expect(upstreams()[0]?.requests()).toBeGreaterThanOrEqual(3);
  upstreams()[0]?.behave({});
  expect((await count(6)).one).toBeUndefined();
  await eventually('it gets requests again', async () => (await count(6)).one, { timeoutMs: 5_000 });
});

test('when its time is over, one request at a time tries it, and only success lets others follow', async () => {
  const b = fresh();
  await put(balanced(b, passive({ failTimeout: 1 }), endpoint(0), endpoint(1)), route('r', b, MEASURED));
  upstreams()[0]?.behave({ fault: 'reset' });
  await count(20);
  upstreams()[0]?.resetCounts();
  const end = Date.now() + 3_400;
  const statuses = new Set<string>();
  while (Date.now() < end) for (const name of Object.keys(await count(5))) statuses.add(name);
  expect([...statuses]).toEqual(['two']);
  expect(upstreams()[0]?.requests()).toBeGreaterThanOrEqual(2);
  expect(upstreams()[0]?.requests()).toBeLessThanOrEqual(4);
  upstreams()[0]?.behave({});
  await eventually('it is back', async () => ((await count(6)).one ?? 0) >= 2, { timeoutMs: 5_000 });
});

test('a trial that hangs keeps nobody else', async () => {
  const b = fresh();
  const timeouts = { connect: 1, send: 1, read: 1 };
  await put(
    balanced(b, passive({ failTimeout: 1 }), endpoint(0), endpoint(1)),
    route('r', b, { ...MEASURED, timeouts }),
  );
  upstreams()[0]?.behave({ fault: 'hang' });
  await Promise.all(Array.from({ length: 8 }, () => ask()));
  upstreams()[0]?.resetCounts();
  const end = Date.now() + 2_500;
  while (Date.now() < end) await Promise.all([count(5), count(5), count(5)]);
  expect(upstreams()[0]?.requests()).toBeLessThanOrEqual(3);
});

test('what may not be repeated is not what tries', async () => {
  const b = fresh();
  await put(balanced(b, passive({ failTimeout: 1 }), endpoint(0), endpoint(1)), route('r', b, MEASURED));
  upstreams()[0]?.behave({ fault: 'reset' });
  await count(20);
  upstreams()[0]?.resetCounts();
  await sleep(1_400);
  expect(await count(10, { method: 'POST', body: 'x' })).toEqual({ two: 10 });
  expect(upstreams()[0]?.requests()).toBe(0);
});

test('statuses count when asked for, even where nothing is tried again', async () => {
  const b = fresh();
  upstreams()[0]?.behave({ status: 503 });
  await put(balanced(b, passive(), endpoint(0), endpoint(1)), route('r', b, { ...MEASURED, tries: 1 }));
  const { one: served = 0 } = await count(20);
  expect(served).toBeGreaterThanOrEqual(8);
  const c = fresh();
  await put(
    balanced(c, passive({ statuses: [[500, 599]] }), endpoint(0), endpoint(1)),
    route('r', c, { ...MEASURED, tries: 1 }),
  );
  const { one = 0 } = await count(40);
  expect(one).toBeGreaterThanOrEqual(3);
  expect(one).toBeLessThanOrEqual(5);
});

test('no more than the ceiling are ejected, and failures of a lone endpoint eject nothing', async () => {
  const b = fresh();
  for (const upstream of upstreams()) upstream.behave({ status: 500 });
  await put(
    balanced(b, passive({ statuses: [[500, 599]] }), ...upstreams().map((upstream) => upstream.endpoint)),
    route('r', b, { ...MEASURED, tries: 1 }),
  );
  await count(60);
  await sleep(300);
  for (const upstream of upstreams()) upstream.resetCounts();
  await count(20);
  expect(upstreams().filter((upstream) => upstream.requests() > 0)).toHaveLength(2);
  const c = fresh();
  await put(balanced(c, passive(), endpoint(0)), route('r', c, MEASURED));
  expect(await count(10)).toEqual({ one: 10 });
});

test('a client that goes away says nothing against the endpoint', async () => {
  const b = fresh();
  upstreams()[0]?.behave({ delayMs: 300 });
  upstreams()[1]?.behave({ delayMs: 300 });
  await put(balanced(b, passive(), endpoint(0), endpoint(1)), route('r', b, MEASURED));
  await Promise.all(Array.from({ length: 12 }, () => ask({ timeoutMs: 100 }).catch(() => null)));
  await sleep(400);
  for (const upstream of upstreams()) upstream.behave({});
  const { one = 0, two = 0 } = await count(12);
  expect(Math.min(one, two)).toBeGreaterThanOrEqual(4);
});

test('POSTs are tried again when the connection failed, not when they were sent', async () => {
  const [dead = 0] = await freePorts(1);
  const b = fresh();
  await put(balanced(b, passive(), `127.0.0.1:${dead}`, endpoint(1)), route('r', b, MEASURED));
  expect(await count(10, { method: 'POST', body: 'x' })).toEqual({ two: 10 });
  const c = fresh();
  await put(balanced(c, passive(), endpoint(0), endpoint(1)), route('r', c, MEASURED));
  upstreams()[0]?.behave({ fault: 'reset' });
  const shares = await count(40, { method: 'POST', body: 'x' });
  expect(shares[502]).toBeGreaterThanOrEqual(3);
  expect(shares[502]).toBeLessThanOrEqual(5);
});

test('when all were ejected by hand, all are used, and GET /config says so', async () => {
  const b = fresh();
  await put(
    balanced(b, { ...passive(), panicThreshold: 60 }, endpoint(0), endpoint(1)),
    route('r', b, MEASURED),
  );
  await count(2);
  await gateway().run(
    `require("ingress.health.verdicts").eject("${b}", "${endpoint(0)}", 30, "by hand") return {}`,
  );
  await sleep(600);
  const { one = 0, two = 0 } = await count(12);
  expect(Math.min(one, two)).toBeGreaterThanOrEqual(4);
  expect(
    await gateway().run<{ since?: number }>(
      `return { since = require("ingress.health.verdicts").panics("${b}") }`,
    ),
  ).toMatchObject({ since: expect.any(Number) });
});

test('a panic that ends while nobody has seen it is over', async () => {
  const b = fresh();
  const panics = () =>
    gateway().run<{ since?: number }>(`return { since = require("ingress.health.verdicts").panics("${b}") }`);
  await put(
    balanced(b, { ...passive(), panicThreshold: 60 }, endpoint(0), endpoint(1)),
    route('r', b, MEASURED),
  );
  await gateway().run(
    `require("ingress.health.verdicts").eject("${b}", "${endpoint(0)}", 30, "by hand") return {}`,
  );
  await count(2);
  expect(await panics()).toMatchObject({ since: expect.any(Number) });
  await gateway().hup();
  await sleep(600);
  await gateway().run(`require("ingress.health.verdicts").readmit("${b}", "${endpoint(0)}") return {}`);
  await count(6);
  expect(await panics()).toEqual({});
});

test('who stands in is asked when all that were tried have failed, or none is fit, and only then', async () => {
  const [dead = 0, gone = 0] = await freePorts(2);
  const [b, spare] = [fresh(), fresh()];
  const failover = { ...MEASURED, failover: spare };
  await put(balanced(b, passive(), endpoint(0)), backend(spare, endpoint(1)), route('r', b, failover));
  expect(await count(6)).toEqual({ one: 6 });
  await put(balanced(b, passive(), `127.0.0.1:${dead}`, `127.0.0.1:${gone}`));
  expect(await count(6)).toEqual({ two: 6 });
  await put(balanced(b, passive()));
  expect(await count(6)).toEqual({ two: 6 });
  await put(balanced(b, passive(), endpoint(0)));
  expect(await count(6)).toEqual({ one: 6 });
  await put(route('r', b, { ...failover, tries: 1 }), balanced(b, passive(), `127.0.0.1:${dead}`));
  expect(await count(2)).toEqual({ 502: 2 });
});

test('a backend that its failover stands in for is tried, and gets its requests back', async () => {
  const [b, spare] = [fresh(), fresh()];
  await put(
    balanced(b, passive({ failTimeout: 1, maxEjected: 100 }), endpoint(0), endpoint(1)),
    backend(spare, endpoint(2)),
    route('r', b, { ...MEASURED, failover: spare }),
  );
  upstreams()[0]?.behave({ fault: 'reset' });
  upstreams()[1]?.behave({ fault: 'reset' });
  await eventually('it is left', async () => (await count(6)).three === 6, { timeoutMs: 5_000 });
  upstreams()[0]?.behave({});
  upstreams()[1]?.behave({});
  await eventually('it is back', async () => (await count(6)).three === undefined, { timeoutMs: 8_000 });
});

test('when who stands in fails as well, those that are not fit are asked after all', async () => {
  const [dead = 0] = await freePorts(1);
  const [b, spare] = [fresh(), fresh()];
  await put(
    balanced(b, { ...passive(), panicThreshold: 60 }, endpoint(0), endpoint(1)),
    backend(spare, `127.0.0.1:${dead}`),
    route('r', b, { ...MEASURED, failover: spare }),
  );
  await gateway().run(
    `require("ingress.health.verdicts").eject("${b}", "${endpoint(0)}", 30, "by hand") return {}`,
  );
  expect((await count(8))[502]).toBeUndefined();
});

test('a canary whose endpoints are all down by its check takes nothing until one is up', async () => {
  const [port = 0, gone = 0] = await freePorts(2);
  const [b, c] = [fresh(), fresh()];
  const check = { type: 'tcp', interval: 1, timeout: 0.5, rise: 1, fall: 1 };
  const canaries = [{ backend: c, weight: 100, weightTotal: 100 }];
  await put(
    backend(b, endpoint(0)),
    balanced(c, { algorithm: 'round_robin', check }, `127.0.0.1:${port}`, `127.0.0.1:${gone}`),
    route('r', b, { canaries, tries: 1 }),
  );
  await eventually('the canary is left', async () => (await count(8)).one === 8);
  const up = await startBackend({ name: 'canary', port });
  try {
    await eventually('it is back', async () => (await count(8)).canary === 8);
  } finally {
    await up.close();
  }
});

test('a slow start keeps a new endpoint from its full share, in all workers alike', async () => {
  const b = fresh();
  const policy = { algorithm: 'round_robin', slowStart: 60 };
  await put(balanced(b, policy, endpoint(0)), route('r', b));
  await count(4);
  await put(balanced(b, policy, endpoint(0), endpoint(1)));
  const { two = 0 } = await count(100);
  expect(two).toBeGreaterThan(0);
  expect(two).toBeLessThan(20);
  await gateway().hup();
  const { two: after = 0 } = await count(100);
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(25);
});
