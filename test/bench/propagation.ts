// From POST /config to the first worker, and to every worker, that serves by it: one kept connection to each worker,
// asked back to back. The peer sends everything and polls once a second.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from './support/bench.ts';
import { type Changeable, eachChangeWorld } from './support/change-world.ts';
import { FULL_PUSH } from './support/full-push-peer.ts';
import { measure } from './support/measurement.ts';
import { type Pinned, pinToEach } from './support/pinned.ts';
import { interleave } from './support/rounds.ts';
import { quantile } from './support/statistics.ts';

const SIZES = [100, 10_000];
const CHANGES = { ours: 25, peer: 3 };

export const bench: Bench = {
  name: 'propagation',
  title: 'From POST /config until the workers serve by it (milliseconds)',
  shown: ['every worker', 'every worker, p99'],
  run: (context) =>
    eachChangeWorld(context, SIZES, ({ host, subjects }, name) =>
      measureWorld(context, name, host, subjects),
    ),
};

type Seen = { readonly acknowledged: number; readonly first: number; readonly all: number };

async function measureWorld(
  context: BenchContext,
  name: string,
  host: string,
  subjects: readonly Changeable[],
): Promise<void> {
  const pinned: Pinned[] = [];
  try {
    const turns = [];
    for (const subject of subjects) {
      const own = await pinToEach(subject.workers, { port: subject.port, host });
      pinned.push(...own);
      await changes(subject, own, 2);
      const count = subject.name === 'ours' ? CHANGES.ours : CHANGES.peer;
      turns.push({ subject: subject.name, run: () => changes(subject, own, count) });
    }
    context.say(name);
    const results = await interleave(turns, { rounds: context.rounds ?? 8, signal: context.signal });
    for (const [subject, rounds] of results) {
      const peer = subject === 'ours' ? (results.get(FULL_PUSH) ?? []) : null;
      const emit = (metric: string, of: (seen: Seen) => number) => {
        const medians = (list: readonly (readonly Seen[])[]) =>
          list.map((round) => quantile(round.map(of), 0.5));
        const compared = peer === null ? {} : { peer: { subject: FULL_PUSH, values: medians(peer) } };
        context.emit(
          measure({ case: name, subject, metric, unit: 'ms', values: medians(rounds), ...compared }),
        );
        const all = rounds.flat().map(of);
        for (const [at, label] of [
          [0.9, 'p90'],
          [0.99, 'p99'],
          [1, 'longest'],
        ] as const) {
          context.emit(
            measure({
              case: name,
              subject,
              metric: `${metric}, ${label}`,
              unit: 'ms',
              values: [quantile(all, at)],
            }),
          );
        }
      };
      emit('acknowledged', ({ acknowledged }) => acknowledged);
      emit('first worker', ({ first }) => first);
      emit('every worker', ({ all }) => all);
    }
  } finally {
    for (const { close } of pinned) close();
  }
}

async function changes(
  subject: Changeable,
  pinned: readonly Pinned[],
  count: number,
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (let i = 0; i < count; i += 1) {
    // At no fixed distance, or the peer would always be met at the same point of its second.
    await sleep(20 + Math.random() * (subject.name === 'ours' ? 60 : 1000));
    const started = performance.now();
    const { expected, done } = subject.change();
    let acknowledged = Number.NaN;
    const times = await Promise.all([
      ...pinned.map(async ({ ask }) => {
        while ((await ask()) !== expected) {
          if (performance.now() - started > 30_000) throw new Error('a worker did not adopt the change');
        }
        return performance.now() - started;
      }),
      done.then(() => {
        acknowledged = performance.now() - started;
        return 0;
      }),
    ]);
    const each = times.slice(0, pinned.length);
    seen.push({ acknowledged, first: Math.min(...each), all: Math.max(...each) });
  }
  return seen;
}
