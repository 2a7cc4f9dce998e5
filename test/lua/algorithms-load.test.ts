// What the algorithms that measure do with endpoints that are slow, fail or are new: requests at random moments, by a
// clock of the test's, so that minutes are over at once and every run is the same.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { equalPeers, law, peers } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

type Run = { readonly counts: readonly number[]; readonly mean: number; readonly total: number };
const share = (run: Run, index: number) => (run.counts[index] ?? 0) / run.total;

const SLOWER_AND_SLOWER = `
local takes = { 0.010, 0.020, 0.040, 0.080 }
local function service(name)
  return takes[tonumber(name:match("%.(%d+):")) + 1] * (0.5 + math.random()), false
end
local algorithm = clocked(data.name)
local run = simulate(algorithm, algorithm.new({ endpoints = data.endpoints }), 60, data.rate, service)
return run
`;

describe('slow endpoints', () => {
  // round robin would take 37.5 ms on average
  test.each([
    ['ewma', 2, 0.024],
    ['ewma', 200, 0.024],
    ['ewma', 1000, 0.024],
    ['least_conn', 200, 0.028],
    ['least_conn', 1000, 0.025],
  ])('%s asks them less, the slower the less, at %i requests a second', async (name, rate, mean) => {
    const run = await law<Run>(gateway, SLOWER_AND_SLOWER, { name, rate, endpoints: equalPeers(4) });
    for (const index of [1, 2, 3]) expect(share(run, index)).toBeLessThan(share(run, index - 1) * 0.9);
    for (const index of [0, 1, 2, 3]) expect(share(run, index)).toBeGreaterThan(0.02);
    expect(run.mean).toBeLessThan(mean);
  });

  test.each(['ewma', 'least_conn'])('%s: equally fast ones get what their weights say', async (name) => {
    const run = await law<Run>(
      gateway,
      `local algorithm = clocked(data.name)
       local state = algorithm.new({ endpoints = data.endpoints })
       return simulate(algorithm, state, 60, 1000, function() return 0.01 * (0.5 + math.random()) end)`,
      { name, endpoints: peers([1, 2, 3, 4]) },
    );
    for (const index of [0, 1, 2, 3]) expect(Math.abs(share(run, index) * 10 - index - 1)).toBeLessThan(0.35);
  });

  test('ewma: a clock that is put back by hours spoils nothing', async () => {
    const picks = await law<number[]>(
      gateway,
      `local ewma, picks = clocked("ewma"), { 0, 0 }
       local state = ewma.new({ endpoints = data.endpoints })
       local function answer(i) ewma.started(state, i); ewma.ended(state, state.names[i], 0.01, false) end
       clock.now = 100000
       answer(1)
       clock.now = 100000 - 7200
       answer(1)
       answer(2)
       for _ = 1, 1000 do
         clock.now = clock.now + 0.01
         local i = ewma.pick(state)
         picks[i] = picks[i] + 1
         answer(i)
       end
       return picks`,
      { endpoints: equalPeers(2) },
    );
    for (const count of picks) expect(count).toBeGreaterThan(400);
  });

  test('ewma: one slow answer is enough to be left at once', async () => {
    const picks = await law<number[]>(
      gateway,
      `local ewma, picks = clocked("ewma"), {}
       local state = ewma.new({ endpoints = data.endpoints })
       for _ = 1, 50 do
         for i = 1, 2 do ewma.started(state, i); ewma.ended(state, state.names[i], i == 1 and 0.01 or 0.05, false) end
         clock.now = clock.now + 0.02
       end
       ewma.started(state, 1)
       ewma.ended(state, state.names[1], 1, false)
       for turn = 1, 50 do picks[turn] = ewma.pick(state) end
       return picks`,
      { endpoints: equalPeers(2) },
    );
    expect(new Set(picks)).toEqual(new Set([2]));
  });
});

test('ewma: what was known is forgotten when measuring ends', async () => {
  const counts = await law<number[]>(
    gateway,
    `local ewma = clocked("ewma")
     local state = ewma.new({ endpoints = data.endpoints })
     for i = 1, 5 do ewma.started(state, i); ewma.ended(state, state.names[i], i / 100, i == 5) end
     clock.now = clock.now + 120
     local counts = { 0, 0, 0, 0, 0 }
     for _ = 1, 10000 do local i = ewma.pick(state); counts[i] = counts[i] + 1 end
     return counts`,
    { endpoints: equalPeers(5) },
  );
  // 2,000 ± 40
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});

describe('ewma and failures', () => {
  const FAILING = `
  local algorithm, broken = clocked("ewma"), false
  local state = algorithm.new({ endpoints = data.endpoints })
  local first = state.names[1]
  local function service(name)
    if broken and name == first then return 0.0005, true end
    return 0.02 * (0.5 + math.random()), false
  end
  local runs = { simulate(algorithm, state, 30, data.rate, service) }
  broken = true
  for at, seconds in ipairs({ 1, 60 }) do runs[at + 1] = simulate(algorithm, state, seconds, data.rate, service) end
  broken = false
  for at = 4, 5 do runs[at] = simulate(algorithm, state, 30, data.rate, service) end
  return runs
  `;

  test.each([
    [2, 10],
    [2, 200],
    [4, 200],
    [10, 200],
  ])(
    'one of %i that fails at once is left, and asked again when it is well, at %i a second',
    async (count, rate) => {
      const runs = await law<readonly Run[]>(gateway, FAILING, { rate, endpoints: equalPeers(count) });
      const [before, atOnce, meanwhile, , after] = runs as [Run, Run, Run, Run, Run];
      expect(share(before, 0)).toBeGreaterThan(0.8 / count);
      expect(atOnce.counts[0]).toBeLessThanOrEqual(Math.max(2, 0.05 * atOnce.total));
      expect(share(meanwhile, 0)).toBeLessThan(0.03);
      expect(meanwhile.counts[0]).toBeGreaterThan(1);
      expect(share(after, 0)).toBeGreaterThan(0.5 / count);
    },
  );

  test('one that has failed from the beginning never looks fast', async () => {
    const run = await law<Run>(
      gateway,
      `local algorithm = clocked("ewma")
       local state = algorithm.new({ endpoints = data.endpoints })
       local first = state.names[1]
       return simulate(algorithm, state, 60, 100, function(name)
         if name == first then return 0, true end
         return 0.5 * (0.5 + math.random()), false
       end)`,
      { endpoints: equalPeers(5) },
    );
    expect(share(run, 0)).toBeLessThan(0.05);
  });

  test('where all fail, all are asked, and again evenly when they are well', async () => {
    const runs = await law<readonly Run[]>(
      gateway,
      `local algorithm, broken = clocked("ewma"), true
       local state = algorithm.new({ endpoints = data.endpoints })
       local function service() return 0.02 * (0.5 + math.random()), broken end
       local failing = simulate(algorithm, state, 600, 100, service)
       broken = false
       return { failing, simulate(algorithm, state, 60, 100, service) }`,
      { endpoints: equalPeers(5) },
    );
    for (const run of runs) {
      for (const index of [0, 1, 2, 3, 4]) expect(Math.abs(share(run, index) - 0.2)).toBeLessThan(0.05);
    }
  });
});

test.each(['ewma', 'least_conn'])('%s: a newcomer is not flooded', async (name) => {
  const run = await law<Run>(
    gateway,
    `local algorithm = clocked("${name}")
     local state = algorithm.new({ endpoints = data.before })
     local function service() return 0.05 * (0.5 + math.random()), false end
     simulate(algorithm, state, 30, 400, service)
     algorithm.sync(state, { endpoints = data.after })
     return simulate(algorithm, state, 1, 400, service)`,
    { before: equalPeers(9), after: equalPeers(10) },
  );
  expect(share(run, 9)).toBeLessThan(0.2);
  expect(share(run, 9)).toBeGreaterThan(0.03);
});
