// Canaries by buckets and ramps: the same user is on the same side everywhere, and only ever comes over.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CanaryBody, Document } from '../../src/model/document.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import type { RawRequest } from '../support/http-client.ts';
import { at, backend, delta, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateways: readonly Gateway[] = [];
let upstreams: readonly Backend[] = [];
let generation = 1;

beforeAll(async () => {
  upstreams = await Promise.all(['stable', 'canary', 'later'].map((name) => startBackend({ name })));
  gateways = await Promise.all([startGateway(), startGateway()]);
  for (const gateway of gateways) {
    await gateway.post(
      full(at(1, generation), [
        settings(),
        host('shop.test', { '/': 'r' }),
        backend('b', upstreams[0]?.endpoint ?? ''),
        backend('c', upstreams[1]?.endpoint ?? ''),
        backend('d', upstreams[2]?.endpoint ?? ''),
      ]),
    );
  }
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

const put = async (...documents: readonly Document[]) => {
  generation += 1;
  for (const gateway of gateways) {
    const answer = await gateway.post(delta(at(1, generation - 1), at(1, generation), documents));
    expect(answer.status.applied).toBe(true);
  }
};
const canaries = (...list: readonly Partial<CanaryBody>[]) =>
  put(
    route('r', 'b', {
      canaries: list.map((body) => ({
        backend: 'c',
        weight: 50,
        weightTotal: 100,
        bucketBy: ['$http_x_user'],
        salt: 'shop/canary',
        ...body,
      })),
    }),
  );
const side = async (index: number, more: Partial<RawRequest>) =>
  (await gateways[index]?.ask('shop.test', '/', more))?.headers['x-backend'] ?? '';
const user = (name: string) => ({ headers: { 'X-User': name } });
const run = <T>(lua: string) => gateways[0]?.run<T>(`local canary = require("ingress.canary")\n${lua}`);

describe('laws', () => {
  test('users are spread evenly, whatever they and the salt are called', async () => {
    const worst = await run<number>(`
      local worst = 0
      for _, salt in ipairs({ "", "a", "shop/canary", "shop/canary-2", ("x"):rep(253) }) do
        for _, shape in ipairs({ "%d", "user-%d", "%08x", "2001:db8::%x", "%d@shop.test" }) do
          local cells = {}
          for i = 1, 10000 do
            local cell = math.floor(canary.place(salt, shape:format(i)) * 100)
            cells[cell] = (cells[cell] or 0) + 1
          end
          local chi = 0
          for cell = 0, 99 do chi = chi + ((cells[cell] or 0) - 100) ^ 2 / 100 end
          worst = math.max(worst, chi)
        end
      end
      return worst`);
    // 99 degrees of freedom: 163.5 is passed once in 20,000 times, and the 25 tables are always the same
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(163.5);
  });

  test('canaries with other salts choose independently of each other', async () => {
    const worst = await run<number>(`
      local worst = 0
      for _, salts in ipairs({ { "a", "b" }, { "shop/one", "shop/two" }, { "shop/x", "shop/xx" }, { "", "s" } }) do
        local cells = {}
        for i = 1, 10000 do
          local one = math.floor(canary.place(salts[1], "user-" .. i) * 10)
          local two = math.floor(canary.place(salts[2], "user-" .. i) * 10)
          local cell = one * 10 + two
          cells[cell] = (cells[cell] or 0) + 1
        end
        local chi = 0
        for cell = 0, 99 do chi = chi + ((cells[cell] or 0) - 100) ^ 2 / 100 end
        worst = math.max(worst, chi)
      end
      return worst`);
    expect(worst).toBeLessThan(163.5);
  });

  test('more weight takes users in and lets go of none; the part is what the weight says', async () => {
    const { flips, farthest } = (await run<{ flips: number; farthest: number }>(`
      local inside, flips, farthest = {}, 0, 0
      for weight = 0, 100 do
        local share, count = canary.share({ weight = weight, weightTotal = 100 }, 0), 0
        for i = 1, 10000 do
          local takes = canary.place("shop/canary", "user-" .. i) < share
          if inside[i] and not takes then flips = flips + 1 end
          inside[i] = takes
          if takes then count = count + 1 end
        end
        farthest = math.max(farthest, math.abs(count - weight * 100))
        if weight == 0 and count ~= 0 or weight == 100 and count ~= 10000 then flips = flips + 1 end
      end
      return { flips = flips, farthest = farthest }`)) ?? { flips: -1, farthest: -1 };
    expect(flips).toBe(0);
    // 10,000 draws: the middle has a standard deviation of 50; four of them
    expect(farthest).toBeLessThan(200);
  });

  test('weights of other totals; totals below 100 count as 100; above its total a canary has all', async () => {
    const share = (weight: number, weightTotal: number) =>
      run<readonly number[]>(
        `return { canary.share({ weight = ${weight}, weightTotal = ${weightTotal} }, 0) }`,
      );
    expect(await share(25, 1000)).toEqual([0.025]);
    expect(await share(25, 50)).toEqual([0.25]);
    expect(await share(25, 0)).toEqual([0.25]);
    expect((await share(300, 100))?.[0]).toBeGreaterThanOrEqual(1);
  });

  test('a ramp is nothing before it starts, all of the weight when it is over, and even between', async () => {
    const shares = await run<readonly number[]>(`
      local shares = {}
      local ramp = { weight = 40, weightTotal = 100, ramp = { start = 1000, duration = 200 } }
      for _, time in ipairs({ 0, 999.9, 1000, 1050, 1100, 1199, 1200, 9999 }) do
        shares[#shares + 1] = canary.share(ramp, time)
      end
      local step = { weight = 40, weightTotal = 100, ramp = { start = 1000, duration = 0 } }
      for _, time in ipairs({ 999, 1000, 1001 }) do shares[#shares + 1] = canary.share(step, time) end
      return shares`);
    const expected = [0, 0, 0, 0.1, 0.2, 0.398, 0.4, 0.4, 0, 0.4, 0.4];
    expect(shares).toHaveLength(expected.length);
    for (const [i, share] of expected.entries()) expect(shares?.[i]).toBeCloseTo(share, 9);
  });

  test('a clock that is set back takes nothing from a ramp, and nothing to another one', async () => {
    const shares = await run<readonly number[]>(`
      local share = require("ingress.canaries").share
      local one = { weight = 40, weightTotal = 100, ramp = { start = 1000, duration = 200 } }
      local other = { weight = 40, weightTotal = 100, ramp = { start = 1000, duration = 200 } }
      return { share(one, 1050), share(one, 1100), share(one, 1020), share(one, 0), share(one, 1150), share(other, 1020) }`);
    const expected = [0.1, 0.2, 0.2, 0.2, 0.3, 0.04];
    for (const [i, share] of expected.entries()) expect(shares?.[i]).toBeCloseTo(share, 9);
  });
});

test('the same user is on the same side: each worker, each gateway, over a reload', async () => {
  await canaries({});
  const users = Array.from({ length: 30 }, (_, i) => `user-${i}`);
  const sides: string[] = [];
  for (const name of users) sides.push(await side(0, user(name)));
  expect(new Set(sides)).toEqual(new Set(['stable', 'canary']));
  const same = async (index: number) => {
    for (const [i, name] of users.entries())
      expect([name, await side(index, user(name))]).toEqual([name, sides[i]]);
  };
  for (let i = 0; i < 4; i++) await same(0);
  await same(1);
  await gateways[0]?.hup();
  await same(0);
});

test('while the weight grows nobody goes back', async () => {
  const users = Array.from({ length: 25 }, (_, i) => `person-${i}`);
  const inside = new Set<string>();
  for (const weight of [0, 10, 35, 60, 90, 100]) {
    await canaries({ weight });
    for (const name of users) {
      const taken = (await side(0, user(name))) === 'canary';
      if (inside.has(name)) expect([weight, name, taken]).toEqual([weight, name, true]);
      if (taken) inside.add(name);
    }
    if (weight === 0) expect(inside.size).toBe(0);
  }
  expect(inside.size).toBe(users.length);
});

test('who has nothing to be told by is told by the address', async () => {
  const sides: string[] = [];
  for (const salt of Array.from({ length: 12 }, (_, i) => `salt-${i}`)) {
    await canaries({ salt, bucketBy: ['$cookie_user', '-x'] });
    const first = await side(0, {});
    for (let i = 0; i < 3; i++) expect(await side(i % 2, { headers: { Cookie: `other=${i}` } })).toBe(first);
    sides.push(first);
  }
  expect(new Set(sides)).toEqual(new Set(['stable', 'canary']));
});

test('header and cookie go before buckets; of several canaries each has its own', async () => {
  await canaries({ weight: 0, header: 'x-canary' }, { backend: 'd', weight: 100, salt: 'shop/later' });
  expect(await side(0, user('a'))).toBe('later');
  expect(await side(0, { headers: { 'X-User': 'a', 'X-Canary': 'always' } })).toBe('canary');
  await canaries({ weight: 100, header: 'x-canary' });
  expect(await side(0, { headers: { 'X-User': 'a', 'X-Canary': 'never' } })).toBe('stable');
});

test('a ramp by the clock: not yet, all of it, and on the way only ever more', async () => {
  const now = Date.now() / 1000;
  const users = Array.from({ length: 20 }, (_, i) => `client-${i}`);
  await canaries({ weight: 100, ramp: { start: now + 3600, duration: 60 } });
  for (const name of users) expect(await side(0, user(name))).toBe('stable');
  await canaries({ weight: 100, ramp: { start: now - 3600, duration: 60 } });
  for (const name of users) expect(await side(0, user(name))).toBe('canary');

  await canaries({ weight: 100, ramp: { start: now, duration: 2 } });
  const inside = new Set<string>();
  const deadline = performance.now() + 10_000;
  while (inside.size < users.length && performance.now() < deadline) {
    for (const [i, name] of users.entries()) {
      const taken = (await side(i % 2, user(name))) === 'canary';
      if (inside.has(name)) expect([name, taken]).toEqual([name, true]);
      if (taken) inside.add(name);
    }
  }
  expect(inside.size).toBe(users.length);
}, 30_000);
