// What was done about the status of each Ingress, so that an Ingress is written once for a change, failures are
// retried with growing pauses, and nobody who writes something else is fought with.

import type { Ingress } from '../../../model/kubernetes.ts';
import { addressesKey } from './addresses.ts';

export interface Attempts {
  /** Milliseconds until this Ingress is due for these addresses: 0 is now, Infinity is not at all. */
  due(name: string, ingress: Ingress, wanted: string): number;
  written(name: string, ingress: Ingress, wanted: string): void;
  failed(name: string, ingress: Ingress, wanted: string): void;
  /** Forgets what is not among these names. */
  keep(names: ReadonlyMap<string, unknown>): void;
}

export interface Pauses {
  readonly now: () => number;
  /** Between two writes of the same addresses to the same object: news of the first comes back later than it. */
  readonly again: number;
  /** The first after a failure; it doubles up to `longest`. */
  readonly retry: number;
  readonly longest: number;
}

export function createAttempts({ now, again, retry, longest }: Pauses): Attempts {
  const attempts = new Map<string, Attempt>();
  return {
    due(name, ingress, wanted) {
      if (addressesKey(ingress.published ?? []) === wanted) return Number.POSITIVE_INFINITY;
      const attempt = attempts.get(name);
      if (attempt === undefined || attempt.key !== keyOf(ingress, wanted)) return 0;
      // The very object that was written: its news is still on the way.
      if (attempt.failures === 0 && attempt.ingress === ingress) return Number.POSITIVE_INFINITY;
      return Math.max(0, attempt.notBefore - now());
    },
    written(name, ingress, wanted) {
      attempts.set(name, { key: keyOf(ingress, wanted), ingress, failures: 0, notBefore: now() + again });
    },
    failed(name, ingress, wanted) {
      const key = keyOf(ingress, wanted);
      const before = attempts.get(name);
      const failures = (before?.key === key ? before.failures : 0) + 1;
      const pause = Math.min(longest, retry * 2 ** Math.min(failures - 1, 20)) * (0.8 + 0.4 * Math.random());
      attempts.set(name, { key, ingress, failures, notBefore: now() + pause });
    },
    keep(names) {
      for (const name of attempts.keys()) if (!names.has(name)) attempts.delete(name);
    },
  };
}

interface Attempt {
  /** The life of the object, and what was to be published. */
  readonly key: string;
  readonly ingress: Ingress;
  readonly failures: number;
  readonly notBefore: number;
}

function keyOf(ingress: Ingress, wanted: string): string {
  return `${ingress.metadata.uid ?? ''} ${wanted}`;
}
