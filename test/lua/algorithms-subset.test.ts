// Subsets of the consistent hash: so many endpoints for each key, the same ones while they are there.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHI_SQUARE, chiSquare, equalPeers, law, nameOf, type Peer } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

/** Key → the names of its subset, sorted. */
const subsets = (endpoints: readonly Peer[], subsetSize: number, keys = 100) =>
  law<readonly (readonly string[])[]>(
    gateway,
    `local state, list = make("chashsubset", data.endpoints), {}
     for key = 1, ${keys} do
       local seen, names = {}, {}
       for _ = 1, 60 * data.subsetSize do
         local name = state.names[algorithms.chashsubset.pick(state, nil, hash.of("/item/" .. key))]
         if not seen[name] then seen[name] = true; names[#names + 1] = name end
       end
       table.sort(names)
       list[key] = names
     end
     return list`,
    { endpoints, subsetSize },
  );

const list = equalPeers(40);

test.each([1, 3, 7])('each key has %i endpoints', async (size) => {
  for (const names of await subsets(list, size)) expect(names).toHaveLength(size);
});

test('fewer endpoints than that: all of them', async () => {
  const names = list.slice(0, 4).map(nameOf).sort();
  for (const subset of await subsets(list.slice(0, 4), 7)) expect(subset).toEqual(names);
});

test('one that leaves changes the subsets that had it, by one', async () => {
  const before = await subsets(list, 5, 300);
  const gone = nameOf(list[11] as Peer);
  const after = await subsets(
    list.filter((_, at) => at !== 11),
    5,
    300,
  ); // prettier-ignore
  let changed = 0;
  for (const [key, names] of before.entries()) {
    const left = names.filter((name) => name !== gone);
    expect(after[key]).toEqual(expect.arrayContaining(left));
    if (left.length === names.length) expect(after[key]).toEqual(names);
    else changed += 1;
  }
  // an eighth: 37.5 ± 5.7
  expect(changed).toBeGreaterThan(9);
  expect(changed).toBeLessThan(66);
});

test('inside a subset requests are spread evenly', async () => {
  const counts = await law<Record<string, number>>(
    gateway,
    `local state, counts = make("chashsubset", data.endpoints), {}
       for _ = 1, 30000 do
         local name = state.names[algorithms.chashsubset.pick(state, nil, hash.of("/hot"))]
         counts[name] = (counts[name] or 0) + 1
       end
       return counts`,
    { endpoints: list, subsetSize: 3 },
  );
  expect(Object.keys(counts)).toHaveLength(3);
  expect(chiSquare(Object.values(counts), [1, 1, 1])).toBeLessThan(CHI_SQUARE[2] ?? 0);
});
