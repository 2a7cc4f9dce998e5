// The lane of files: at most one compile at a time, in its own time, while documents go on. Knows what is under way,
// what was refused and when it may be tried again, and what nginx has not run yet.

import type { CompileOutcome } from '../model/outcome.ts';
import type { Compile, Plan } from '../model/plan.ts';
import type { RenderedFiles } from '../model/rendered.ts';
import { createBackoff } from './backoff.ts';

export interface FilesLaneParts {
  readonly compile: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** Proof without a signal, for an nginx that was started after its files were written. */
  readonly confirm: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** Signal and proof of files that are on disk already and that nginx does not run. */
  readonly reload: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly isRunning: () => boolean;
  /** nginx was seen, more than once in a row, to run other files than those that are proven. */
  readonly hasDrifted: () => boolean;
  /** Told why a compile may not start now by the schedule, which also wakes the loop when it may. */
  readonly mayStart: (when: Compile['when'], draining: number) => boolean;
  readonly onStarted: (files: RenderedFiles, reasons: readonly string[]) => void;
  readonly onEnded: (files: RenderedFiles, outcome: CompileOutcome) => void;
  readonly onConfirmed: (files: RenderedFiles, outcome: CompileOutcome) => void;
  /** What was refused may be tried again after so many milliseconds; told at each offer until then. */
  readonly onRefused: (retryIn: number) => void;
}

export interface FilesLane {
  /**
   * Starts what the plan asks for, if it may start now.
   * @param live the files on disk, when they are those rendered.
   * @param draining how many earlier reloads still have workers that drain.
   */
  offer(plan: Plan, live: RenderedFiles | null, draining: number): void;
  /** Reasons of a compile that something waits for, under way or still to come. */
  waits(plan: Plan): readonly string[];
  /** What was refused may be tried at once: something else than the files has changed. */
  forgive(): void;
  isIdle(): boolean;
  /** Settles when nothing is under way. */
  idle(): Promise<void>;
}

const CONFIRM_AGAIN_MS = 2_000;

export function createFilesLane(parts: FilesLaneParts): FilesLane {
  let underWay: Promise<void> | null = null;
  let urgent: readonly string[] = [];
  let unproven: RenderedFiles | null = null;
  /** An nginx that answers and cannot be proven (its master is gone) is not asked again at once. */
  let confirmFrom = 0;
  let refused: { readonly digest: string; readonly until: number } | null = null;
  const retry = createBackoff({ first: 2_000, longest: 60_000 });

  return {
    offer(plan, live, draining) {
      if (underWay !== null) return;
      if (live !== null && parts.hasDrifted()) {
        urgent = ['nginx runs other files than the proven ones'];
        parts.onStarted(live, urgent);
        begin(parts.reload, live, parts.onEnded);
        return;
      }
      if (unproven !== null && parts.isRunning()) {
        const pause = confirmFrom - performance.now();
        if (pause <= 0) {
          begin(confirm, unproven, parts.onConfirmed);
          return;
        }
        parts.onRefused(pause);
      }
      if (plan.kind !== 'push+compile') return;
      const { files, when, reasons } = plan.compile;
      const pause = refused?.digest === files.digest ? refused.until - performance.now() : 0;
      if (pause > 0) {
        parts.onRefused(pause);
        return;
      }
      // What is only to be faster is not put over files that no nginx has run yet: it starts sooner with those, and
      // serves everything.
      if (when === 'calm' && unproven !== null) return;
      if (!parts.mayStart(when, draining)) return;
      urgent = when === 'now' ? reasons : [];
      parts.onStarted(files, reasons);
      begin(parts.compile, files, parts.onEnded);
    },
    waits(plan) {
      return plan.kind === 'push+compile' && plan.compile.when === 'now' ? plan.compile.reasons : urgent;
    },
    forgive() {
      refused = null;
    },
    isIdle: () => underWay === null,
    async idle() {
      while (underWay !== null) await underWay;
    },
  };

  async function confirm(files: RenderedFiles): Promise<CompileOutcome> {
    const outcome = await parts.confirm(files);
    if (outcome.outcome === 'proven') return outcome;
    confirmFrom = performance.now() + CONFIRM_AGAIN_MS;
    parts.onRefused(CONFIRM_AGAIN_MS);
    return outcome;
  }

  function begin(
    work: (files: RenderedFiles) => Promise<CompileOutcome>,
    files: RenderedFiles,
    ended: (files: RenderedFiles, outcome: CompileOutcome) => void,
  ): void {
    underWay = work(files).then((outcome) => {
      underWay = null;
      urgent = [];
      remember(files, outcome);
      ended(files, outcome);
    });
  }

  function remember(files: RenderedFiles, outcome: CompileOutcome): void {
    if (outcome.outcome === 'proven' || outcome.outcome === 'written') {
      unproven = outcome.outcome === 'written' ? files : null;
      refused = null;
      retry.reset();
      return;
    }
    const wait = retry.next();
    refused = { digest: files.digest, until: performance.now() + wait };
    parts.onRefused(wait);
  }
}
