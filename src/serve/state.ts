// What /state shows: scripts wait by it, people read it. Fields may be added; these stay.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';

export interface StateReport {
  /** Everything seen so far from the sources is in force in every live instance. */
  readonly settled: boolean;
  /** `settled` was true at least once since the start: what readiness means. */
  readonly settledOnce: boolean;
  readonly epoch: number;
  readonly generation: number;
  /** The version that each worker has adopted; those that shut down are not among them. */
  readonly workers: readonly WorkerReport[];
  readonly lastPlan: {
    readonly kind: Plan['kind'];
    readonly reasons: readonly string[];
    readonly at: string;
  } | null;
  /** Proven reloads and accepted pushes since the start. */
  readonly reloads: number;
  readonly pushes: number;
  /** In the order of `compareDiagnostics`. */
  readonly diagnostics: readonly Diagnostic[];
  readonly hosts: { readonly compiled: number; readonly interpreted: number };
  /** What stands between now and `settled`, in sentences. */
  readonly waiting: readonly string[];
  /** The proven files. */
  readonly files: { readonly digest: string } | null;
  readonly nginx: {
    readonly running: boolean;
    /** Process ids; two during a hot upgrade. */
    readonly masters: readonly number[];
    /** What its start, or the last look at it, had to say. */
    readonly notes: readonly string[];
  };
}

export interface WorkerReport {
  readonly pid: number;
  readonly generation: number;
}
