// Which endpoints are fit, asked of the pure function itself.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

interface Fit {
  /** Name → weight of those that are fit. */
  readonly fit: Readonly<Record<string, number>>;
  readonly unfit: readonly string[];
  readonly panic: boolean;
  readonly again: number | null;
  /** Those whose ejection has ended. */
  readonly trials: readonly string[];
}

/** Endpoints are `name`, with `!` behind it when draining, and `*2` for a weight; verdicts and births are Lua. */
async function judge(
  endpoints: readonly string[],
  policy: string,
  known: { readonly verdicts?: string; readonly births?: string; readonly time?: number } = {},
): Promise<Fit> {
  const parts = endpoints.map((text) => /^(\w+)(?:\*(\d+))?(!)?$/.exec(text) ?? []);
  const list = parts.map(
    ([, name, weight, draining]) =>
      `{ address = "${name}", port = 1${weight ? `, weight = ${weight}` : ''}${draining ? ', draining = true' : ''} }`,
  );
  const names = parts.map(([, name]) => `"${name}"`).join();
  const { unfit, trials, ...rest } = await gateway.run<
    Omit<Fit, 'unfit' | 'trials'> & { readonly unfit: string; readonly trials: string }
  >(`
    local cjson = require("cjson")
    local body = { ${policy} }
    body.endpoints = { ${list.join()} }
    local found = require("ingress.health.fit").of(body, { ${names} }, ${known.verdicts ?? 'nil'}, ${known.births ?? 'nil'}, ${known.time ?? 1000})
    local fit, unfit = {}, {}
    for _, endpoint in ipairs(found.endpoints) do fit[endpoint.address] = endpoint.weight or 1 end
    for name in pairs(found.unfit or {}) do unfit[#unfit + 1] = name end
    table.sort(unfit)
    local trials = {}
    for _, trial in ipairs(found.trials or {}) do trials[#trials + 1] = trial.endpoint.address end
    return { fit = fit, unfit = table.concat(unfit, " "), trials = table.concat(trials, " "), panic = found.panic, again = found.again or cjson.null }`);
  const listed = (text: string) => text.split(' ').filter((name) => name !== '');
  return { ...rest, unfit: listed(unfit), trials: listed(trials) };
}

const CHECK = 'check = {}';
const PASSIVE = 'passive = { maxEjected = 50 }';
const down = (...names: readonly string[]) =>
  `{ ${names.map((name) => `${name} = { down = { since = 1, reason = "r" } }`).join()} }`;
const out = (...names: readonly (readonly [string, number])[]) =>
  `{ ${names.map(([name, since]) => `${name} = { ejected = { since = ${since}, ends = ${since + 10}, reason = "r" } }`).join()} }`;

test('all are fit as long as nothing speaks against them', async () => {
  expect(await judge(['a', 'b*3'], CHECK)).toEqual({
    fit: { a: 1, b: 3 },
    unfit: [],
    panic: false,
    again: null,
    trials: [],
  });
});

test('draining ones get nothing new, unless there are no others', async () => {
  expect((await judge(['a', 'b!'], '')).fit).toEqual({ a: 1 });
  expect((await judge(['a!', 'b!'], '')).fit).toEqual({ a: 1, b: 1 });
});

test('those that are down are out, and a verdict of a check that is gone does not count', async () => {
  const verdicts = down('a');
  expect(await judge(['a', 'b'], CHECK, { verdicts })).toMatchObject({ fit: { b: 1 }, unfit: ['a'] });
  expect(await judge(['a', 'b'], PASSIVE, { verdicts })).toMatchObject({ fit: { a: 1, b: 1 }, unfit: [] });
});

test('ejections have a ceiling, the earliest count, and one of two may always be', async () => {
  const verdicts = out(['a', 995], ['b', 993], ['c', 994]);
  expect(await judge(['a', 'b', 'c', 'd'], PASSIVE, { verdicts })).toMatchObject({
    fit: { a: 1, d: 1 },
    unfit: ['b', 'c'],
    again: 1003,
  });
  expect((await judge(['a', 'b'], 'passive = { maxEjected = 0 }', { verdicts })).unfit).toEqual(['b']);
  expect((await judge(['a', 'b', 'c', 'd'], 'passive = { maxEjected = 100 }', { verdicts })).fit).toEqual({
    d: 1,
  });
});

test('an ejection that has ended goes on until somebody has tried', async () => {
  const verdicts = out(['a', 5], ['b', 995]);
  expect(await judge(['a', 'b', 'c', 'd'], PASSIVE, { verdicts })).toMatchObject({
    fit: { c: 1, d: 1 },
    again: 1005,
    trials: ['a'],
  });
});

test('when an ejection is forgotten is a moment to look again', async () => {
  const verdicts = '{ a = { ejected = { since = 5, ends = 15, forgotten = 1100, reason = "r" } } }';
  expect(await judge(['a', 'b', 'c'], PASSIVE, { verdicts })).toMatchObject({ again: 1100, trials: ['a'] });
  const said = await gateway.run<{ readonly left: number; readonly ttl: number }>(`
    local verdicts, dict = require("ingress.health.verdicts"), ngx.shared.ingress_health
    verdicts.eject("b", "a", 10, "r")
    local ejected = verdicts.read("b", { "a" }).a.ejected
    return { left = ejected.forgotten - ngx.now(), ttl = dict:ttl("out:b|a") }`);
  expect(Math.abs(said.left - said.ttl)).toBeLessThan(1);
});

test('a draining endpoint that is down is out for its sessions, too', async () => {
  expect(await judge(['a', 'b!'], CHECK, { verdicts: down('b') })).toMatchObject({
    fit: { a: 1 },
    unfit: ['b'],
  });
});

test('a lone endpoint is never ejected', async () => {
  expect(await judge(['a'], PASSIVE, { verdicts: out(['a', 1]) })).toMatchObject({
    fit: { a: 1 },
    panic: false,
  });
});

test('what is down does not use up the ceiling', async () => {
  const verdicts = `{ a = { down = { since = 1, reason = "r" } }, b = { ejected = { since = 1, ends = 9, reason = "r" } } }`;
  expect((await judge(['a', 'b', 'c', 'd'], `${CHECK}, ${PASSIVE}`, { verdicts })).fit).toEqual({
    c: 1,
    d: 1,
  });
});

test('when none is left, all are used, and that is said', async () => {
  expect(await judge(['a', 'b', 'c!'], CHECK, { verdicts: down('a', 'b') })).toMatchObject({
    fit: { a: 1, b: 1 },
    unfit: [],
    panic: true,
  });
});

test('fewer than the threshold are as good as none', async () => {
  const policy = `${CHECK}, panicThreshold = 50`;
  expect((await judge(['a', 'b', 'c', 'd'], policy, { verdicts: down('a', 'b') })).panic).toBe(false);
  expect(await judge(['a', 'b', 'c', 'd'], policy, { verdicts: down('a', 'b', 'c') })).toMatchObject({
    fit: { a: 1, b: 1, c: 1, d: 1 },
    panic: true,
  });
});

test('a new endpoint grows to its weight', async () => {
  const births = '{ b = 1000 }';
  const policy = 'slowStart = 20';
  const weightAt = async (time: number) => (await judge(['a', 'b*4'], policy, { births, time })).fit.b;
  expect(await weightAt(1000)).toBeCloseTo(0.2, 5);
  expect(await weightAt(1010)).toBeCloseTo(2, 5);
  expect(await weightAt(1020)).toBe(4);
  expect(await judge(['a', 'b*4'], policy, { births, time: 1010 })).toMatchObject({ again: 1011 });
  expect((await judge(['a', 'b*4'], policy, { births, time: 1020 })).again).toBeNull();
});
