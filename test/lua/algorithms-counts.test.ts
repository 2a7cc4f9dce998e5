// How many attempts are under way at each endpoint, as the algorithms that measure count them.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { equalPeers, law } from './support/algorithms.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

describe.each(['ewma', 'least_conn'])('%s counts', (name) => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ begin: fc.nat(5) }),
      fc.record({ end: fc.nat(5) }),
      fc.record({ sync: fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }) }),
    ),
    { maxLength: 60 },
  );

  // the model: attempts under way by name, whoever is there
  test('attempts under way by name, through any changes, and never below nothing', () =>
    fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const wrong = await law<string>(
          gateway,
          `local algorithm = algorithms["${name}"]
           local state, model = algorithm.new({ endpoints = data.all }), {}
           for at, step in ipairs(data.list) do
             if step.begin then
               local i = step.begin % state.count + 1
               algorithm.started(state, i)
               model[state.names[i]] = (model[state.names[i]] or 0) + 1
             elseif step["end"] then
               local name = data.all[step["end"] + 1].address .. ":80"
               algorithm.ended(state, name, 0.01, false)
               model[name] = math.max(0, (model[name] or 0) - 1)
             else
               local endpoints = {}
               for place, index in ipairs(step.sync) do endpoints[place] = data.all[index + 1] end
               algorithm.sync(state, { endpoints = endpoints })
             end
             for i = 1, state.count do
               if state.active[i] ~= (model[state.names[i]] or 0) then
                 return at .. ": " .. state.names[i] .. " has " .. state.active[i]
               end
             end
             if algorithm == algorithms.least_conn then
               local i = algorithm.pick(state)
               for other = 1, state.count do
                 if state.active[other] < state.active[i] then return at .. ": not the fewest" end
               end
             end
           end
           return ""`,
          { all: equalPeers(6), list },
        );
        expect(wrong).toBe('');
      }),
      { numRuns: 100 },
    ));
});
