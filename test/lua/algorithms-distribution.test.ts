// Whom requests go to when nothing is known but the endpoints and their weights. Chance begins at one seed.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ALGORITHMS, CHI_SQUARE, chiSquare, equalPeers, law, ones, peers } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

const PICKS = 100_000;
const WEIGHTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const FRACTIONS = [0.05, 0.5, 0.7, 1, 1, 1, 1, 1, 1.25, 2.5];

/** How often each is picked in the laws' order of requests, `/item/1` and so on. */
const counts = (name: string, weights: readonly number[], subsetSize = 3) =>
  law<number[]>(gateway, `return count_picks(data.name, make(data.name, data.endpoints), ${PICKS})`, {
    name,
    endpoints: peers(weights),
    subsetSize,
  }); // prettier-ignore

describe('equal endpoints', () => {
  test.each(ALGORITHMS)('%s spreads evenly', async (name) => {
    const few = await counts(name, ones(10)); // prettier-ignore
    expect(
      chiSquare(
        few,
        few.map(() => 1),
      ),
    ).toBeLessThan(CHI_SQUARE[9] ?? 0); // prettier-ignore
    const many = await counts(name, ones(100)); // prettier-ignore
    expect(
      chiSquare(
        many,
        many.map(() => 1),
      ),
    ).toBeLessThan(CHI_SQUARE[99] ?? 0); // prettier-ignore
  });

  // what a weaker mix of key and name gets wrong shows only in many keys
  test('chash spreads a million keys evenly over thirty, whatever they are called', async () => {
    const sum = await law<number>(
      gateway,
      `local sum = 0
       for block = 1, 3 do
         for _, endpoint in ipairs(data.endpoints) do endpoint.address = endpoint.address:gsub("^10%.%d+", "10." .. block) end
         local counts = count_picks("chash", make("chash", data.endpoints), 1000000)
         for i = 1, 30 do sum = sum + (counts[i] - 1e6 / 30) ^ 2 / (1e6 / 30) end
       end
       return sum`,
      { endpoints: equalPeers(30) },
    );
    expect(sum).toBeLessThan(CHI_SQUARE[87] ?? 0);
  });

  test.each(['round_robin', 'least_conn'])('%s is exact', async (name) => {
    const each = await counts(name, ones(7));
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
  });
});

describe('weighted endpoints', () => {
  test.each(['chash', 'ewma'])('%s spreads by weight', async (name) => {
    for (const weights of [WEIGHTS, FRACTIONS]) {
      expect(chiSquare(await counts(name, weights), weights)).toBeLessThan(CHI_SQUARE[9] ?? 0);
    }
  });

  test.each(['round_robin', 'least_conn'])('%s is exact but for two requests', async (name) => {
    for (const weights of [WEIGHTS, FRACTIONS]) {
      const sum = weights.reduce((a, b) => a + b, 0);
      for (const [index, count] of (await counts(name, weights)).entries()) {
        expect(Math.abs(count - (PICKS * (weights[index] ?? 0)) / sum)).toBeLessThanOrEqual(2);
      }
    }
  });

  test('chashsubset: of size 1 and of all endpoints by weight, between them nearly', async () => {
    for (const size of [1, WEIGHTS.length]) {
      const each = await counts('chashsubset', WEIGHTS, size);
      expect(chiSquare(each, WEIGHTS)).toBeLessThan(CHI_SQUARE[9] ?? 0);
    }
    for (const [index, count] of (await counts('chashsubset', WEIGHTS, 3)).entries()) {
      const due = (PICKS * (WEIGHTS[index] ?? 0)) / 55;
      expect(Math.abs(count - due) / due).toBeLessThan(0.08);
    }
  });

  test('smooth: half of the weight is never asked three times in a row', async () => {
    const longest = await law<number>(
      gateway,
      `local state, longest, run, last = make("round_robin", data.endpoints), 0, 0, nil
       for turn = 1, 1000 do
         local i = algorithms.round_robin.pick(state)
         run = i == last and run + 1 or 1
         last = i
         if turn > 10 and i == 1 and run > longest then longest = run end
       end
       return longest`,
      { endpoints: peers([5, 2, 2, 1]) },
    );
    expect(longest).toBe(2);
  });
});

test('a hash without a key goes in turn', async () => {
  for (const name of ['chash', 'chashsubset']) {
    const turns = await law<number[]>(
      gateway,
      `local state, turns = make("${name}", data.endpoints), {}
       for turn = 1, 10 do turns[turn] = algorithms["${name}"].pick(state) end
       return turns`,
      { endpoints: equalPeers(5), subsetSize: 2 },
    );
    expect(turns.slice(0, 5).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(turns.slice(5)).toEqual(turns.slice(0, 5));
  }
});
