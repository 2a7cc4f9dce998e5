// What was measured of one subject on a cluster of one size, as measurements of the bench.

import type { BenchContext } from '../support/bench.ts';
import { measure } from '../support/measurement.ts';
import type { Sighting } from './probe.ts';

export interface Report {
  readonly one: (what: string, metric: string, unit: string, value: number) => void;
  /** One for each change. */
  readonly sightings: (what: string, seen: readonly Sighting[]) => void;
  /** Progress. */
  readonly say: (doing: string) => void;
}

export function reportOn(size: number, subject: string, { emit, say }: BenchContext): Report {
  const series = (what: string, metric: string, unit: string, values: readonly number[]) =>
    emit(measure({ case: `${nameOf(size)}: ${what}`, subject, metric, unit, values }));
  const one: Report['one'] = (what, metric, unit, value) => series(what, metric, unit, [value]);
  return {
    one,
    say: (doing) => say(`${nameOf(size)}, ${subject}: ${doing}`),
    sightings(what, seen) {
      const of = (value: (one: Sighting) => number) => seen.map(value);
      series(
        what,
        'first worker',
        'ms',
        of((each) => each.first),
      );
      series(
        what,
        'every worker',
        'ms',
        of((each) => each.all),
      );
      one(what, 'every worker, longest', 'ms', Math.max(...of((each) => each.all)));
      one(what, 'wrong after the first right', 'answers', sum(of((each) => each.wrongAfterFirst)));
      one(what, 'no answer', 'connections', sum(of((each) => each.failed)));
    },
  };
}

export function nameOf(size: number): string {
  return size === 1 ? '1 service' : `${size} services`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
