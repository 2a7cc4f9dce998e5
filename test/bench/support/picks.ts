// What a pick takes by itself, in a worker: no request, no connection, only the algorithm.
import { type Gateway, startGateway } from '../../lua/support/gateway.ts';
import { activeWorkers } from '../../support/processes.ts';
import type { BenchContext } from './bench.ts';
import { pin, SUBJECT_CPU } from './cpu.ts';
import { measure } from './measurement.ts';
import { interleave } from './rounds.ts';

const ALGORITHMS = ['round_robin', 'chash', 'chashsubset', 'ewma', 'least_conn'];
const SIZES = [10, 100, 1000];

export async function measurePicks(context: BenchContext): Promise<void> {
  const gateway = await startGateway({ workers: 1 });
  try {
    for (const master of await gateway.masters())
      for (const worker of await activeWorkers(master)) await pin(worker, SUBJECT_CPU);
    for (const keys of [500, 100_000]) {
      const turns = ALGORITHMS.flatMap((algorithm) =>
        SIZES.map((endpoints) => ({
          subject: `${algorithm}, ${endpoints.toLocaleString('en-US')} endpoints`,
          run: () => nanoseconds(gateway, algorithm, endpoints, keys),
        })),
      );
      const shown = keys === 500 ? turns : turns.filter(({ subject }) => subject.startsWith('chash'));
      const name = `a pick, of ${keys.toLocaleString('en-US')} keys`;
      context.say(name);
      for (const turn of shown) await turn.run();
      const results = await interleave(shown, { rounds: context.rounds ?? 12, signal: context.signal });
      for (const [subject, values] of results)
        context.emit(measure({ case: name, subject, metric: 'time of a pick', unit: 'ns', values }));
    }
  } finally {
    await gateway.close();
  }
}

/** Of the processor's time, since others may have it meanwhile. Measuring algorithms have what 32 clients leave them. */
function nanoseconds(gateway: Gateway, algorithm: string, endpoints: number, keys: number): Promise<number> {
  return gateway.run(`
    local algorithm = require("ingress.balancer.algorithms").${algorithm}
    local hash = require("ingress.balancer.hash")
    local list, keys, count, picks = {}, {}, ${keys}, ${endpoints === 1000 && keys > 500 ? 20_000 : 100_000}
    for i = 1, ${endpoints} do
      list[i] = { address = "10.0." .. math.floor(i / 250) .. "." .. i % 250, port = 80 }
    end
    for i = 1, count do keys[i] = hash.of("/item/" .. i) end
    local state, pick = algorithm.new({ endpoints = list, subsetSize = 3 }), algorithm.pick
    if algorithm.started then
      for i = 1, 32 do
        local peer = pick(state)
        algorithm.started(state, peer)
        if i % 2 == 0 then algorithm.ended(state, state.names[peer], i / 1000, false) end
      end
    end
    local function run(turns)
      for turn = 1, turns do pick(state, nil, keys[turn % count + 1]) end
    end
    run(5000)
    local start = os.clock()
    run(picks)
    return (os.clock() - start) / picks * 1e9
  `);
}
