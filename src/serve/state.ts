// What /state shows: scripts wait by it, people read it. Fields may be added; these stay.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';

export interface StateReport {
  /** Everything seen so far from the sources is in force in every live instance, and the start is over. */
  readonly settled: boolean;
  /**
   * Everything was in force at least once since the start: what readiness means. A first start is served by Lua alone
   * before it is reloaded for the hosts' own servers, so this comes before `settled` then.
   */
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
  readonly hosts: {
    readonly compiled: number;
    readonly interpreted: number;
    /** Each host, by name; not with `/state?brief`, which scripts that poll may prefer. */
    readonly each?: readonly HostReport[];
  };
  /** `/state?backend=NAME` says of each why. As of the last look at nginx. */
  readonly endpoints: {
    /** Taken out by checks or by failed requests. */
    readonly out: number;
    /** Backends of which too few are fit, so that all of them are used. */
    readonly panic: readonly string[];
  };
  /** How each kind of object of a cluster stands; empty for a source of manifests. */
  readonly kinds: readonly KindReport[];
  /** What stands between now and `settled`, in sentences. */
  readonly waiting: readonly string[];
  /** The proven files. */
  readonly files: { readonly digest: string } | null;
  readonly nginx: {
    readonly running: boolean;
    /** Process ids; two during a hot upgrade. */
    readonly masters: readonly number[];
    /** Workers of earlier files that still serve what they have, and nothing new. */
    readonly draining?: readonly number[];
    /** What its start, or the last look at it, had to say. */
    readonly notes: readonly string[];
  };
}

export interface KindReport {
  /** `Ingress`, or `Service of --default-backend-service`. */
  readonly kind: string;
  /** Listed in full at least once, or known to be done without. */
  readonly synced: boolean;
  /** Since the API server last said anything about it; null: it never did. */
  readonly ageSeconds: number | null;
  /** Why it is not up to date, and what somebody has to do about that; null: nothing. */
  readonly trouble: string | null;
  readonly remedy: string | null;
  /** What the last list lacked and stays in force until another one confirms it, in a sentence. */
  readonly held: string | null;
  readonly heldObjects: number;
  /** Kept with their content: of Secrets only those that are named. */
  readonly objects: number;
  readonly lists: number;
  /** Requests that brought nothing usable, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Watches that ended, by reason; `ended` is in order and comes about each ten seconds. */
  readonly watchRestarts: Readonly<Record<string, number>>;
}

export interface HostReport {
  readonly host: string;
  /** `compiled`: with a `server` of its own, for speed. `interpreted`: looked up by Lua. Both are in force. */
  readonly state: 'compiled' | 'interpreted';
  /** What would change that, or why nothing will, in a sentence. */
  readonly waitsFor: string | null;
}

export interface WorkerReport {
  readonly pid: number;
  readonly generation: number;
}
