// Active checks on a real nginx: what they find out, who does them, and what stays of it when things change.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Document } from '../../src/model/document.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/ports.ts';
import { signal } from '../support/processes.ts';
import { at, backend, balanced, full, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { startRaw } from './support/health-endpoints.ts';
import {
  checked,
  eventuallyChecker,
  eventuallyStates,
  healthOf,
  reportOf,
  statesOf,
} from './support/health-report.ts';

const ID = 'default/shop/80';

let gateway: Gateway;
let first: Backend;
let second: Backend;
let generation = 0;

beforeEach(async () => {
  [first, second] = [await startBackend({ name: 'first' }), await startBackend({ name: 'second' })];
  gateway = await startGateway({ workers: 2 });
  generation = 0;
});
afterEach(async () => {
  const log = (await gateway?.errorLog()) ?? '';
  await gateway?.close();
  await Promise.all([first, second].map((one) => one.close()));
  expect(log).not.toMatch(/failed in itself|cannot be checked|lua (entry|user) thread|not enough/);
});

async function push(...documents: readonly Document[]): Promise<void> {
  generation += 1;
  const answer = await gateway.post(full(at(1, generation), [settings(), ...documents]));
  expect(answer).toMatchObject({ code: 200, status: { applied: true } });
}

const endpoints = () => [first.endpoint, second.endpoint];
const checksOf = async (one: Backend, ms: number) => {
  one.resetCounts();
  await sleep(ms);
  return one.requests();
};

test('an endpoint is out after so many failures in a row, and back after so many successes', async () => {
  await push(checked(ID, { rise: 3, fall: 4 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'healthy', 'healthy');
  first.behave({ status: 503 });
  first.resetCounts();
  await eventuallyStates(gateway, ID, 'unhealthy', 'healthy');
  expect(first.requests()).toBeGreaterThanOrEqual(4);
  const {
    endpoints: [ill],
    panic,
  } = await reportOf(gateway, ID);
  expect(panic).toBe(false);
  expect(ill).toMatchObject({
    name: first.endpoint,
    address: '127.0.0.1',
    port: first.port,
    used: false,
    reason: 'status 503',
    since: expect.any(Number),
    lastCheck: { ok: false, reason: 'status 503', at: expect.any(Number), ms: expect.any(Number) },
  });
  expect(Math.abs((ill?.since ?? 0) - Date.now() / 1000)).toBeLessThan(5);
  first.behave({});
  first.resetCounts();
  await eventuallyStates(gateway, ID, 'healthy', 'healthy');
  expect(first.requests()).toBeGreaterThanOrEqual(3);
  const log = await gateway.errorLog();
  const said = log.split('\n').filter((line) => line.includes(`backend ${ID}: endpoint ${first.endpoint} `));
  expect(said).toEqual([
    expect.stringMatching(/\[warn\].* is out: status 503/),
    expect.stringMatching(/\[notice\].* is back/),
  ]);
});

test('failures that are not in a row take nothing out', async () => {
  await push(checked(ID, { fall: 3, rise: 1000 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'healthy', 'healthy');
  for (let round = 0; round < 5; round++) {
    first.behave({ status: 500 });
    const from = first.requests();
    await eventually('it has failed', () => first.requests() > from);
    first.behave({});
    const then = first.requests();
    await eventually('it has not', () => first.requests() > then + 1);
    expect(await statesOf(gateway, ID)).toEqual(['healthy', 'healthy']);
  }
});

test('one worker checks, in the interval, and each endpoint at its own moment', async () => {
  const raw = await startRaw(['HTTP/1.1 200 OK\r\n\r\n'], { ends: true });
  await push(checked(ID, { interval: 0.5 }, raw.endpoint));
  await eventuallyStates(gateway, ID, 'healthy');
  await eventually('several checks', () => raw.connectedAt().length >= 10);
  const times = raw.connectedAt().slice(1, 10);
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  await raw.close();
  // the sum does not drift, and no two are ever near each other
  expect(gaps.reduce((a, b) => a + b) / gaps.length).toBeGreaterThan(450);
  expect(gaps.reduce((a, b) => a + b) / gaps.length).toBeLessThan(600);
  expect(Math.min(...gaps)).toBeGreaterThan(200);
});

test('the checking worker is killed: another goes on within two intervals, and knows what was known', async () => {
  const dead = `127.0.0.1:${await freePort()}`;
  const raw = await startRaw(['HTTP/1.1 200 OK\r\n\r\n'], { ends: true });
  await push(checked(ID, { interval: 1, timeout: 0.5, rise: 5 }, raw.endpoint, dead));
  await eventuallyStates(gateway, ID, 'healthy', 'unhealthy');
  const since = (await reportOf(gateway, ID)).endpoints[1]?.since;
  for (let round = 0; round < 3; round++) {
    const checker = await eventuallyChecker(gateway);
    const count = raw.connectedAt().length;
    await eventually('a check', () => raw.connectedAt().length > count);
    signal(checker, 'SIGKILL');
    const next = await eventuallyChecker(gateway, checker);
    expect(next).not.toBe(checker);
    const seen = raw.connectedAt().length;
    await eventually('checks go on', () => raw.connectedAt().length > seen + 1);
  }
  const times = raw.connectedAt();
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  await raw.close();
  expect(Math.max(...gaps.slice(1))).toBeLessThan(2000);
  expect((await reportOf(gateway, ID)).endpoints[1]).toMatchObject({ state: 'unhealthy', since });
});

test('a reload hands over at once, with what is known', async () => {
  first.behave({ status: 500 });
  await push(checked(ID, { rise: 1000, fall: 2, interval: 0.5 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'unhealthy', 'healthy');
  const before = await reportOf(gateway, ID);
  const checker = await eventuallyChecker(gateway);
  const old = await gateway.workers();
  await gateway.hup();
  const next = await eventually('a new worker checks', async () => {
    const { checker: now } = await healthOf(gateway);
    return now !== checker && now !== 0 && now;
  });
  expect(old).not.toContain(next);
  const count = await checksOf(second, 2000);
  expect(count).toBeGreaterThanOrEqual(3);
  expect(count).toBeLessThanOrEqual(6);
  const after = await reportOf(gateway, ID);
  expect(after.endpoints.map(({ state, since }) => ({ state, since }))).toEqual(
    before.endpoints.map(({ state, since }) => ({ state, since })),
  );
  expect((await gateway.errorLog()).match(/ is out: /g)).toHaveLength(1);
});

test('an endpoint that went and comes again begins anew, and the verdicts of the others stay', async () => {
  [first, second].map((one) => one.behave({ status: 500 }));
  await push(checked(ID, { rise: 1000 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'unhealthy', 'unhealthy');
  const since = (await reportOf(gateway, ID)).endpoints[1]?.since;
  await push(checked(ID, { rise: 1000 }, second.endpoint));
  await eventually('its verdict is gone', async () => (await healthOf(gateway)).out === 1);
  first.behave({});
  await push(checked(ID, { rise: 1000 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'healthy', 'unhealthy');
  expect((await reportOf(gateway, ID)).endpoints[1]?.since).toBe(since);
});

test('what a check finds out after its endpoint went says nothing', async () => {
  const silent = await startRaw([]);
  const check = { interval: 1, timeout: 1 };
  await push(checked(ID, check, silent.endpoint, first.endpoint));
  await eventually('it is asked', () => silent.connectedAt().length > 0);
  await push(checked(ID, check, first.endpoint));
  await sleep(1500);
  await silent.close();
  expect(await gateway.errorLog()).not.toContain(' is out: ');
});

test('a backend without a check, or none at all, is not checked any more, and nothing is left against it', async () => {
  const other = 'default/other/80';
  [first, second].map((one) => one.behave({ status: 500 }));
  await push(checked(ID, {}, first.endpoint), checked(other, {}, second.endpoint));
  await eventually('both are out', async () => (await healthOf(gateway)).out === 2);
  await push(backend(ID, first.endpoint));
  await eventually('nothing is out', async () => (await healthOf(gateway)).out === 0);
  await eventually('checks have ended', async () => (await checksOf(first, 500)) === 0);
  expect(await checksOf(second, 500)).toBe(0);
  expect(await statesOf(gateway, ID)).toEqual(['unchecked']);
  expect((await gateway.get(`?health=${encodeURIComponent(other)}`)).code).toBe(404);
  const left = await gateway.run<number>(`local n = 0
    for _, key in ipairs(ngx.shared.ingress_health:get_keys(0)) do
      if key:find("^down:") or key:find("^check:") then n = n + 1 end
    end
    return n`);
  expect(left).toBe(0);
});

test('verdicts on what went while nobody checked are taken back by who checks next', async () => {
  await push(checked(ID, {}, first.endpoint));
  await gateway.run(
    'require("ingress.health.verdicts").mark("default/gone/80", "10.0.0.1:80", "timeout") return 1',
  );
  await gateway.run(`require("ingress.health.verdicts").mark("${ID}", "10.0.0.1:80", "timeout") return 1`);
  await eventually('they are gone', () =>
    gateway.run<boolean>(`local v = require("ingress.health.verdicts")
      return not v.is_down("default/gone/80", "10.0.0.1:80") and not v.is_down("${ID}", "10.0.0.1:80")`),
  );
});

test('a check that changes: states stay until the new one says otherwise', async () => {
  first.behave({ status: 404 });
  await push(checked(ID, {}, ...endpoints()));
  await eventuallyStates(gateway, ID, 'unhealthy', 'healthy');
  await push(checked(ID, { statuses: [[200, 404]], interval: 60, rise: 1 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'healthy', 'healthy');
  // Each second there would be two at least; its place in the minute may just be now.
  expect(await checksOf(first, 2_500)).toBeLessThanOrEqual(1);
  await push(checked(ID, { type: 'tcp', port: await freePort(), interval: 60 }, ...endpoints()));
  await eventuallyStates(gateway, ID, 'unhealthy', 'unhealthy');
  expect((await reportOf(gateway, ID)).endpoints[0]).toMatchObject({
    name: first.endpoint,
    reason: 'connection refused',
  });
});

test('draining endpoints are checked, and are not out', async () => {
  second.behave({ status: 500 });
  await push(checked(ID, {}, first.endpoint, `${second.endpoint}!`));
  const report = await eventually('a failed check', async () => {
    const found = await reportOf(gateway, ID);
    return found.endpoints[1]?.lastCheck?.ok === false && found.endpoints[1].reason !== undefined && found;
  });
  expect(report.endpoints[1]).toMatchObject({ state: 'draining', used: false, reason: 'status 500' });
  expect(await healthOf(gateway)).toMatchObject({ out: 0, panic: [] });
});

test('a panic is reported, with the backend and all that is out', async () => {
  [first, second].map((one) => one.behave({ status: 500 }));
  await push(checked(ID, {}, ...endpoints()), backend('default/other/80', first.endpoint));
  await eventually('panic', async () => (await healthOf(gateway)).panic.includes(ID));
  expect(await healthOf(gateway)).toMatchObject({ out: 2, panic: [ID] });
  expect(await reportOf(gateway, ID)).toMatchObject({
    panic: true,
    endpoints: [
      { state: 'unhealthy', used: true },
      { state: 'unhealthy', used: true },
    ],
  });
  const { status } = await gateway.get('?health');
  expect(status).toMatchObject({ backends: [{ id: ID, out: 2, panic: true }] });
  first.behave({});
  await eventually('no panic', async () => (await healthOf(gateway)).panic.length === 0);
  expect(await healthOf(gateway)).toMatchObject({ out: 1 });
});

test('an ejected endpoint is reported with the end of it, for as long as requests are what is asked', async () => {
  const passive = { maxFails: 1, failTimeout: 3, maxEjected: 50 };
  await push(balanced(ID, { algorithm: 'round_robin', passive }, ...endpoints()));
  await gateway.run(
    `return require("ingress.health.verdicts").eject("${ID}", "${first.endpoint}", 20, "timeout")`,
  );
  const {
    endpoints: [ejected, other],
  } = await reportOf(gateway, ID);
  expect(ejected).toMatchObject({ state: 'ejected', used: false, reason: 'timeout' });
  expect((ejected?.until ?? 0) - (ejected?.since ?? 0)).toBeCloseTo(20);
  expect(other).toMatchObject({ state: 'unchecked', used: true });
  await eventually('it counts', async () => (await healthOf(gateway)).out === 1);
  await push(backend(ID, ...endpoints()));
  await eventually('it does not', async () => (await healthOf(gateway)).out === 0);
  expect(await statesOf(gateway, ID)).toEqual(['unchecked', 'unchecked']);
});

test('an unknown backend', async () => {
  expect(await gateway.get('?health=default%2Fnone%2F80')).toMatchObject({
    code: 404,
    status: { error: 'unknown' },
  });
});
