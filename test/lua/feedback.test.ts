// What is counted as under way ends, however a request does.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/ports.ts';
import { balanced, host, MEASURED, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';

const { gateway, upstreams, put, ask } = openShop(['one', 'two'], { workers: 1 });
const endpoints = () => upstreams().map(({ endpoint }) => endpoint);
const underWay = async (id: string) =>
  (
    await gateway().run<{ readonly sum: number }>(
      `return { sum = require("ingress.backends").state("${id}").picker.under_way or -1 }`,
    )
  ).sum;

test.each(['least_conn', 'ewma'])(
  '%s counts to nothing again, whatever happens to requests',
  async (algorithm) => {
    const id = `of-${algorithm}`;
    const [dead = 0] = await freePorts(1);
    const timeouts = { connect: 1, send: 1, read: 1 };
    await put(
      balanced(id, { algorithm }, ...endpoints(), `127.0.0.1:${dead}`),
      route('r', id, { ...MEASURED, timeouts }),
    );
    const [one, two] = upstreams();
    one?.behave({ delayMs: 300 });
    two?.behave({ delayMs: 300 });
    const slow = Array.from({ length: 6 }, () => ask());
    await sleep(100);
    expect(await underWay(id)).toBe(6);
    await Promise.all(slow);
    expect(await underWay(id)).toBe(0);

    await Promise.all(Array.from({ length: 6 }, () => ask({ timeoutMs: 100 }).catch(() => null)));
    await eventually('clients that went away are not counted', async () => (await underWay(id)) === 0);

    one?.behave({ fault: 'hang' });
    two?.behave({ fault: 'reset' });
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask()).status));
    expect(statuses.every((status) => status === 502 || status === 504)).toBe(true);
    await ask({ method: 'POST', body: 'x' });
    expect(await underWay(id)).toBe(0);

    for (const upstream of upstreams()) upstream.behave({});
    const socket = new WebSocket(`ws://127.0.0.1:${gateway().port}/`, { headers: { Host: 'shop.test' } });
    await new Promise((done) => socket.once('message', done));
    expect(await underWay(id)).toBe(1);
    socket.terminate();
    await eventually('a WebSocket has ended', async () => (await underWay(id)) === 0);
  },
);

test('a request that began under another algorithm, or without one, ends like any', async () => {
  await put(balanced('b', { algorithm: 'least_conn' }, ...endpoints()), route('r', 'b', MEASURED));
  for (const next of ['ewma', 'round_robin', 'least_conn', 'chash', 'ewma']) {
    for (const upstream of upstreams()) upstream.behave({ delayMs: 200 });
    const slow = Array.from({ length: 4 }, () => ask());
    await sleep(60);
    await put(balanced('b', { algorithm: next }, ...endpoints()));
    expect((await ask()).status).toBe(200);
    for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);
    expect(await underWay('b')).toBeLessThanOrEqual(0);
  }
  expect(await gateway().errorLog()).not.toMatch(/lua.*(error|attempt to)/i);
});

test.each(['least_conn', 'ewma'])(
  '%s: an attempt ends where nginx takes its request elsewhere',
  async (algorithm) => {
    const id = `left-${algorithm}`;
    const [dead = 0] = await freePorts(1);
    await put(
      balanced(id, { algorithm }, ...endpoints()),
      balanced('other', { algorithm: 'round_robin' }, `127.0.0.1:${dead}`),
      route('r', id, MEASURED),
      route('inner', 'other'),
      host('shop.test', { '/': 'r', '/inner/': 'inner' }),
    );
    for (const upstream of upstreams())
      upstream.behave({ delayMs: 100, headers: { 'x-accel-redirect': '/inner/' } });
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]));
    expect(await underWay(id)).toBe(0);
  },
);

test.each([
  ['is not measured', {}],
  ['has a backend that needs no measuring', MEASURED],
])(
  'the attempt of a request that nginx took elsewhere is not that of the next, which %s',
  async (_, more) => {
    const [dead = 0, gone = 0] = await freePorts(2);
    const from = `from-${Object.keys(more).length}`;
    await put(
      balanced(
        from,
        { algorithm: 'round_robin', passive: { maxFails: 1, failTimeout: 20, maxEjected: 50 } },
        ...endpoints(),
      ),
      balanced('other', { algorithm: 'round_robin' }, `127.0.0.1:${dead}`, `127.0.0.1:${gone}`),
      route('r', from, MEASURED),
      route('inner', 'other'),
      route('broken', 'other', more),
      host('shop.test', { '/': 'r', '/inner/': 'inner', '/broken/': 'broken' }),
    );
    for (let i = 0; i < 6; i++) {
      for (const upstream of upstreams()) upstream.behave({ headers: { 'x-accel-redirect': '/inner/' } });
      expect((await ask()).status).toBe(502);
      for (const upstream of upstreams()) upstream.behave({});
      await sleep(10); // another millisecond
      expect((await gateway().ask('shop.test', '/broken/')).status).toBe(502);
    }
    const [one, two] = endpoints();
    const said = await gateway().run<Record<string, unknown>>(
      `return require("ingress.health.verdicts").read("${from}", { "${one}", "${two}" }) or { none = true }`,
    );
    expect(said).toEqual({ none: true });
  },
);
