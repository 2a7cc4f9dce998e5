// What was measured of one subject on a cluster of one size, as measurements of the bench.

import type { BenchContext } from '../support/bench.ts';
import { FULL_PUSH } from '../support/full-push-peer.ts';
import { measure } from '../support/measurement.ts';
import { nameOfSize } from '../support/services.ts';
import type { Sighting } from './probe.ts';

export interface Report {
  readonly one: (what: string, metric: string, unit: string, value: number) => void;
  /** One for each change. @param peer of the peer, on the same work. */
  readonly sightings: (what: string, seen: readonly Sighting[], peer?: readonly Sighting[]) => void;
  /** Progress. */
  readonly say: (doing: string) => void;
}

export function reportOn(size: number, subject: string, { emit, say }: BenchContext): Report {
  const series = (what: string, metric: string, unit: string, values: readonly number[]) =>
    emit(measure({ case: `${nameOfSize(size)}: ${what}`, subject, metric, unit, values }));
  const one: Report['one'] = (what, metric, unit, value) => series(what, metric, unit, [value]);
  return {
    one,
    say: (doing) => say(`${nameOfSize(size)}, ${subject}: ${doing}`),
    sightings(what, seen, peer) {
      for (const { metric, unit, of } of METRICS) {
        const values = of(seen);
        const other = peer === undefined ? {} : { peer: { subject: FULL_PUSH, values: of(peer) } };
        emit(measure({ case: `${nameOfSize(size)}: ${what}`, subject, metric, unit, values, ...other }));
      }
      one(what, 'wrong after the first right', 'answers', sum(seen.map((each) => each.wrongAfterFirst)));
      one(what, 'no answer', 'connections', sum(seen.map((each) => each.failed)));
    },
  };
}

const METRICS: readonly {
  readonly metric: string;
  readonly unit: string;
  readonly of: (seen: readonly Sighting[]) => readonly number[];
}[] = [
  { metric: 'first worker', unit: 'ms', of: (seen) => seen.map(({ first }) => first) },
  { metric: 'every worker', unit: 'ms', of: (seen) => seen.map(({ all }) => all) },
  { metric: 'every worker, longest', unit: 'ms', of: (seen) => [Math.max(...seen.map(({ all }) => all))] },
];

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
