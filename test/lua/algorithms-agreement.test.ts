// Two workers, two gateways and the workers before and after a reload send a key to the same endpoints.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { equalPeers, law } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateways: readonly Gateway[] = [];
beforeAll(async () => {
  gateways = await Promise.all([startGateway({ workers: 2 }), startGateway({ workers: 2 })]);
});
afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())));

type Said = { readonly pid: number; readonly keys: readonly string[]; readonly subsets: readonly string[] };

// Chance is each worker's own here, unlike in the laws: where keys go must not depend on it.
const ask = (gateway: Gateway) =>
  law<Said>(
    gateway,
    `math.randomseed(ngx.worker.pid() + ngx.now() * 1000)
     local one, several = make("chash", data.endpoints), make("chashsubset", data.endpoints)
     local said = { pid = ngx.worker.pid(), keys = {}, subsets = {} }
     for key = 1, 300 do
       local hashed, seen, names = hash.of("/item/" .. key), {}, {}
       said.keys[key] = one.names[algorithms.chash.pick(one, nil, hashed)]
       for _ = 1, 100 do
         local name = several.names[algorithms.chashsubset.pick(several, nil, hashed)]
         if not seen[name] then seen[name] = true; names[#names + 1] = name end
       end
       table.sort(names)
       said.subsets[key] = table.concat(names, " ")
     end
     return said`,
    { endpoints: equalPeers(50), subsetSize: 3 },
  );

/** What each of its two workers says; not those that are `former`. */
async function everyWorker(gateway: Gateway, former: readonly number[] = []): Promise<readonly Said[]> {
  const said = new Map<number, Said>();
  for (let attempt = 0; attempt < 200 && said.size < 2; attempt++) {
    // at once, so that one worker cannot take them all
    for (const one of await Promise.all([ask(gateway), ask(gateway)])) {
      if (!former.includes(one.pid)) said.set(one.pid, one);
    }
  }
  expect(said.size).toBe(2);
  return [...said.values()];
}

test('four workers of two gateways agree, and those after a reload', async () => {
  const before = (await Promise.all(gateways.map((gateway) => everyWorker(gateway)))).flat();
  await gateways[0]?.hup();
  const after = await everyWorker(
    gateways[0] as Gateway,
    before.map(({ pid }) => pid),
  );
  const [first, ...others] = [...before, ...after];
  expect(new Set(first?.keys).size).toBeGreaterThan(45);
  for (const { keys, subsets } of others) {
    expect(keys).toEqual(first?.keys);
    expect(subsets).toEqual(first?.subsets);
  }
});
