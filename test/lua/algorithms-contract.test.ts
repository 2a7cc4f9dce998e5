// What every algorithm owes its callers (the head of algorithms.lua), whatever is asked of it in whatever order.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ALGORITHMS, equalPeers, law, nameOf, ones, type Peer, peers } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

/** Of these weights, from the address of that number on. */
const peersFrom = (first: number, each: readonly number[]) => peers([...ones(first), ...each]).slice(first);
const weights = fc.array(fc.constantFrom(1, 1, 1, 0.05, 0.5, 2, 7), { minLength: 1, maxLength: 12 });

describe.each(ALGORITHMS)('%s', (name) => {
  test('picks nobody who was tried, each of the others at last, and then nobody', () =>
    fc.assert(
      fc.asyncProperty(weights, fc.nat(0xffffffff), async (each, key) => {
        const picked = await law<number[]>(
          gateway,
          `local state, tried, picked = make("${name}", data.endpoints), {}, {}
           for turn = 1, state.count + 1 do
             picked[turn] = algorithms["${name}"].pick(state, turn > 1 and tried or nil, data.key) or 0
             if picked[turn] > 0 then tried[state.names[picked[turn]]] = true end
           end
           return picked`,
          { endpoints: peers(each), subsetSize: 3, key },
        );
        expect(picked.pop()).toBe(0);
        expect([...picked].sort((a, b) => a - b)).toEqual(each.map((_, index) => index + 1));
      }),
      { numRuns: 40 },
    ));

  test('is the same state after any changes, and picks only who is there', () =>
    fc.assert(
      fc.asyncProperty(fc.array(weights, { minLength: 2, maxLength: 6 }), async (lists) => {
        // the same lists, but each begins somewhere else among the addresses
        const bodies = lists.map((each, index) => peersFrom(index % 3, each)); // prettier-ignore
        const broken = await law<string[]>(
          gateway,
          `local algorithm, broken = algorithms["${name}"], {}
           local state = make("${name}", data.bodies[1])
           for at, endpoints in ipairs(data.bodies) do
             if algorithm.sync(state, { endpoints = endpoints, subsetSize = 2 }) ~= state then
               broken[#broken + 1] = "another table at " .. at
             end
             for turn = 1, 30 do
               local i = algorithm.pick(state, nil, turn % 3 > 0 and hash.of("k" .. turn) or nil)
               local endpoint = endpoints[i]
               if not endpoint or state.names[i] ~= endpoint.address .. ":80"
                 or state.addresses[i] ~= endpoint.address or state.ports[i] ~= 80 then
                 broken[#broken + 1] = "not a peer: " .. tostring(i)
               end
               if algorithm.started and turn % 2 > 0 then
                 algorithm.started(state, i)
                 if turn % 4 > 1 then algorithm.ended(state, state.names[i], turn / 100, turn % 5 < 1) end
               end
             end
           end
           return broken`,
          { bodies },
        );
        expect(Object.values(broken)).toEqual([]); // an empty table of Lua's is an object
      }),
      { numRuns: 30 },
    ));

  test.each([
    ['equal', equalPeers(20)],
    ['weighted', peers(equalPeers(20).map((_, index) => index + 1))],
  ] satisfies [string, readonly Peer[]][])('makes no garbage: %s', async (_, endpoints) => {
    const bytes = await law<number>(
      gateway,
      `local state, pick, tried = make("${name}", data.endpoints), algorithms["${name}"].pick, {}
       local function picks(count)
         for turn = 1, count do
           pick(state, nil, turn * 77777)
           pick(state, tried, turn * 77777)
         end
       end
       tried[state.names[3]] = true
       picks(5000)
       collectgarbage() collectgarbage("stop")
       local before = collectgarbage("count")
       picks(5000)
       local after = collectgarbage("count")
       collectgarbage("restart")
       return (after - before) * 1024 / 10000`,
      { endpoints, subsetSize: 3 },
    );
    // a table for each pick would be 32 and more; what compiles late is counted, too
    expect(bytes).toBeLessThan(8);
  });
});

describe('round robin', () => {
  test('goes on where it was when others leave', () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 2, max: 12 })
          .chain((count) =>
            fc.subarray([...ones(count).keys()], { minLength: 1 }).map((stay) => ({ count, stay })),
          ), // prettier-ignore
        fc.nat(20),
        async ({ count, stay }, turns) => {
          const all = equalPeers(count);
          const [last, next] = await law<[string, string]>(
            gateway,
            `local pick, state, last = algorithms.round_robin.pick, make("round_robin", data.all), nil
             for _ = 0, data.turns do last = state.names[pick(state)] end
             algorithms.round_robin.sync(state, { endpoints = data.stay })
             return { last, state.names[pick(state)] }`,
            { all, stay: stay.map((index) => all[index]), turns },
          );
          const at = all.findIndex((one) => nameOf(one) === last);
          const order = [...stay.filter((index) => index > at), ...stay.filter((index) => index <= at)];
          expect(next).toBe(nameOf(all[order[0] ?? 0] as Peer));
        },
      ),
      { numRuns: 60 },
    ));

  // what others owe or are owed must not become a burst for who has just come, or come back
  test('nobody gets more than its share and two requests after any change', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(weights, fc.nat(25), fc.nat(3)), { minLength: 2, maxLength: 25 }),
        async (steps) => {
          const bodies = steps.map(([each, picks, from]) => ({
            picks,
            endpoints: peersFrom(from, each),
          })); // prettier-ignore
          const worst = await law<number>(
            gateway,
            `local pick, worst = algorithms.round_robin.pick, 0
             local state = make("round_robin", data.bodies[1].endpoints)
             for _, body in ipairs(data.bodies) do
               algorithms.round_robin.sync(state, body)
               local got, sum = {}, 0
               for i = 1, state.count do got[i], sum = 0, sum + state.weights[i] end
               for turn = 1, body.picks do
                 local i = pick(state)
                 got[i] = got[i] + 1
                 worst = math.max(worst, got[i] - turn * state.weights[i] / sum)
               end
             end
             return worst`,
            { bodies },
          );
          expect(worst).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 100 },
    ));
});
