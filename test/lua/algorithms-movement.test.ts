// Which keys move when endpoints come, go, change their weight or stand in another order: no others than have to.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHI_SQUARE, chiSquare, equalPeers, law, nameOf, type Peer } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

const WHERE = `
local function where(name, endpoints, keys)
  local state, list = make(name, endpoints), {}
  for key = 1, keys do
    local i = algorithms[name].pick(state, nil, hash.of("/item/" .. key))
    list[key] = state.names[i]
  end
  return list
end
`;

/** Key → the name of its endpoint. */
const where = (endpoints: readonly Peer[], keys = 300) =>
  law<readonly string[]>(gateway, `${WHERE} return where("chash", data.endpoints, ${keys})`, { endpoints });

const peer: fc.Arbitrary<Peer> = fc.record({
  address: fc.oneof(
    fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.1.${a}.${b}`),
    fc.nat(65_535).map((n) => `fd00::${n.toString(16)}`),
  ),
  port: fc.constantFrom(80, 8080),
  weight: fc.constantFrom(1, 1, 1, 2, 5),
});
const lists = (minLength: number, maxLength: number) =>
  fc.uniqueArray(peer, { minLength, maxLength, selector: ({ address }) => address });
const peerLists = lists(2, 40);
// so many that what keys came to is kept
const manyPeers = lists(32, 60);
/** A list, a position in it, and another order of it. */
const worlds = peerLists.chain((list) =>
  fc.tuple(fc.constant(list), fc.nat(list.length - 1), fc.shuffledSubarray(list, { minLength: list.length })),
);
const bracketed = (one: Peer) =>
  nameOf(one.address.includes(':') ? { ...one, address: `[${one.address}]` } : one);

describe('chash', () => {
  test('without one endpoint its keys move, and no others; with it again, the same ones come back', () =>
    fc.assert(
      fc.asyncProperty(worlds, async ([list, index]) => {
        const gone = bracketed(list[index] as Peer);
        const before = await where(list);
        const after = await where(list.filter((_, at) => at !== index));
        for (const [key, name] of before.entries()) {
          if (name === gone) expect(after[key]).not.toBe(gone);
          else expect(after[key]).toBe(name);
        }
      }),
      { numRuns: 60 },
    ));

  test('the order of the list means nothing', () =>
    fc.assert(
      fc.asyncProperty(worlds, async ([list, , shuffled]) => {
        expect(await where(shuffled)).toEqual(await where(list));
      }),
      { numRuns: 30 },
    ));

  test('a heavier endpoint takes keys, and none moves between others', () =>
    fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom(1.5, 2, 10), async ([list, index], factor) => {
        const grown = list.map((one, at) =>
          at === index ? { ...one, weight: (one.weight ?? 1) * factor } : one,
        );
        const before = await where(list);
        for (const [key, name] of (await where(grown)).entries()) {
          if (name !== before[key]) expect(name).toBe(bracketed(list[index] as Peer));
        }
      }),
      { numRuns: 40 },
    ));

  test('one of ten takes a tenth of the keys along, spread evenly over the nine', async () => {
    const list = equalPeers(10);
    const before = await where(list, 50_000);
    const after = await where(list.slice(1), 50_000);
    const moved = after.filter((name, key) => name !== before[key]);
    // 5,000 ± 67: five standard deviations
    expect(Math.abs(moved.length - 5_000)).toBeLessThan(335);
    const counts = list.slice(1).map((one) => moved.filter((name) => name === nameOf(one)).length);
    expect(
      chiSquare(
        counts,
        counts.map(() => 1),
      ),
    ).toBeLessThan(CHI_SQUARE[8] ?? 0); // prettier-ignore
  });

  test('a state that has seen endpoints come and go is a new one', () =>
    fc.assert(
      fc.asyncProperty(manyPeers, manyPeers, async (list, other) => {
        const seen = await law<[string[], string[]]>(
          gateway,
          `${WHERE}
           local state, list = make("chash", data.other), {}
           for key = 1, 300 do algorithms.chash.pick(state, nil, hash.of("/item/" .. key)) end
           algorithms.chash.sync(state, { endpoints = data.endpoints })
           for key = 1, 300 do list[key] = state.names[algorithms.chash.pick(state, nil, hash.of("/item/" .. key))] end
           return { list, where("chash", data.endpoints, 300) }`,
          { endpoints: list, other },
        );
        expect(seen[0]).toEqual(seen[1]);
      }),
      { numRuns: 30 },
    ));
});
