// When a compile may start. Two things hold one back: the interval since the last, and workers of earlier reloads that
// still drain, each with the memory of a whole generation. With two such generations beside the present one nothing is
// reloaded for the sake of speed, so connections that live for hours are not cut short by changes of others' routes.
// What is not served before it is compiled cannot wait for them: it waits for the interval at most. And an nginx that
// has just started serves whoever waited for it before it is told to start other workers.

import type { Compile } from '../model/plan.ts';

export interface CompileGateOptions {
  readonly mode: 'never' | 'at-once' | 'calm';
  readonly interval: number;
  readonly quiet: number;
  readonly now: () => number;
}

export type Held = 'interval' | 'start' | 'draining' | 'never';

export interface CompileGate {
  /** A new pass: a compile that nobody wants any more must not wake anybody. */
  readonly looked: (compiledHosts: number) => void;
  readonly mayStart: (when: Compile['when'], draining: number) => boolean;
  readonly held: () => Held | null;
  readonly finished: (durationMs: number) => void;
  /** nginx has started with files that were written before. */
  readonly begun: () => void;
  /** The moment to ask again; null: not before something else changes. */
  readonly wakeAt: () => number | null;
}

/** Generations of workers that may drain before another is added to them. */
export const DRAINING_MOST = 2;

export function createCompileGate({ mode, interval, quiet, now }: CompileGateOptions): CompileGate {
  let calmAt = Number.NEGATIVE_INFINITY;
  let since: 'interval' | 'start' = 'interval';
  let compiled = 0;
  let held: Held | null = null;
  let askedAt = 0;

  return {
    looked(compiledHosts) {
      compiled = compiledHosts;
      held = null;
    },
    mayStart(when, draining) {
      askedAt = now();
      held = when === 'now' ? holdsUrgent(draining) : holdsCalm(draining);
      return held === null;
    },
    held: () => held,
    finished(durationMs) {
      calmAt = now() + Math.max(interval, 20 * durationMs);
      since = 'interval';
    },
    begun() {
      const servedUntil = now() + quiet / 10;
      if (servedUntil <= calmAt) return;
      calmAt = servedUntil;
      since = 'start';
    },
    wakeAt() {
      if (held === 'interval' || held === 'start') return calmAt;
      // An end of workers is seen by the watch of nginx; this is for when it sees nothing.
      const again = askedAt + AGAIN_MS;
      return held === 'draining' ? (calmAt > askedAt ? Math.min(calmAt, again) : again) : null;
    },
  };

  function holdsUrgent(draining: number): Held | null {
    return draining >= DRAINING_MOST && now() < calmAt ? 'draining' : null;
  }

  function holdsCalm(draining: number): Held | null {
    // Without compiled hosts that would have to leave there is nothing to gain: profiles that nobody uses may stay.
    if (mode === 'never' && compiled === 0) return 'never';
    if (mode !== 'at-once' && now() < calmAt) return since;
    return draining >= DRAINING_MOST ? 'draining' : null;
  }
}

const AGAIN_MS = 5_000;
