// Rounds of load on several nginx in turn: requests a second, and requests a second of the worker's own CPU.
import type { BenchContext } from './bench.ts';
import { cpuTime, pin, SUBJECT_CPU } from './cpu.ts';
import { measure } from './measurement.ts';
import { interleave } from './rounds.ts';
import { ensureWrk, runWrk, type WrkOptions } from './wrk.ts';

export type Subject = {
  readonly name: string;
  readonly worker: number;
  readonly load: Omit<WrkOptions, 'seconds' | 'connections'>;
};

export type LoadRounds = {
  readonly case: string;
  readonly subjects: readonly Subject[];
  /** Subject → the one that it is compared with. */
  readonly peerOf: (subject: string) => string | null;
  readonly rounds: number;
  readonly connections: number;
  /** Turns of each subject before the first round; 1. */
  readonly warmUpTurns?: number;
  /** A file that may be written. */
  readonly scratch: string;
};

export async function loadRounds(context: BenchContext, options: LoadRounds): Promise<void> {
  const { subjects, peerOf, connections, scratch } = options;
  const wrk = await ensureWrk();
  const seconds = context.seconds ?? 1;
  for (const { worker } of subjects) await pin(worker, SUBJECT_CPU);
  const turn = async ({ name, worker, load }: Subject) => {
    const before = await cpuTime(worker);
    const result = await runWrk(wrk, scratch, { ...load, connections, seconds });
    if (result.errors > 0) throw new Error(`${options.case}: ${name} had ${result.errors} errors`);
    const cpu = (await cpuTime(worker)) - before;
    return { rate: result.requests / result.seconds, micros: cpu / 1000 / result.requests };
  };
  // connections to upstreams are made, documents are decoded, traces are compiled
  for (let i = 0; i < (options.warmUpTurns ?? 1); i++) for (const subject of subjects) await turn(subject);
  const turns = subjects.map((subject) => ({ subject: subject.name, run: () => turn(subject) }));
  const results = await interleave(turns, {
    rounds: context.rounds ?? options.rounds,
    signal: context.signal,
  });
  for (const { name } of subjects) {
    const own = results.get(name) ?? [];
    const peer = peerOf(name);
    const others = peer === null ? undefined : results.get(peer);
    const emit = (metric: string, unit: string, of: (one: (typeof own)[number]) => number, compare = true) =>
      context.emit(
        measure({
          case: options.case,
          subject: name,
          metric,
          unit,
          values: own.map(of),
          ...(peer === null || others === undefined || !compare
            ? {}
            : { peer: { subject: peer, values: others.map(of) } }),
        }),
      );
    emit('requests per CPU second', '/s', ({ micros }) => 1e6 / micros);
    emit('requests per second', '/s', ({ rate }) => rate);
    emit('CPU per request', 'µs', ({ micros }) => micros, false);
  }
}
