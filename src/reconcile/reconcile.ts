// The loop: one pass at a time from what the sources know to what nginx serves. A pass reads as a sentence:
// translate, render, plan, publish, compile, report. Documents and files go separate lanes: a compile under way
// (or refused) never holds back an endpoint.

import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { Applied, AppliedFiles, DocumentChange, Plan } from '../model/plan.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { mayCureRefusal } from '../plan/compile.ts';
import { afterPush, compileFailed, compileProven, compileStarted } from '../plan/plan.ts';
import { createPlanner } from '../plan/planner.ts';
import { createAlarm } from './alarm.ts';
import { createBackoff } from './backoff.ts';
import type { CompileSchedule } from './compile-schedule.ts';
import { createFilesLane } from './files-lane.ts';
import { hostStates } from './host-states.ts';
import { lineOwner } from './line-owner.ts';
import type { Blame, Report } from './report.ts';
import { createTemplateTrial, type Render } from './template-trial.ts';

export interface ReconcileParts {
  readonly translate: (snapshot: Snapshot) => Model;
  /** With the user's templates, if there are any. */
  readonly render: Render;
  /** With the program's own: what serves while the user's fail and were never good. */
  readonly builtIn: Render;
  readonly schedule: CompileSchedule;
  readonly publish: (change: DocumentChange) => Promise<PublishOutcome>;
  readonly compile: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly confirm: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly reload: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** How many earlier reloads still have workers that drain. */
  readonly draining: () => Promise<number>;
  readonly isRunning: () => boolean;
  readonly hasDrifted: () => boolean;
  /** What was in force when the controller started. */
  readonly applied: Applied;
  readonly report: Report;
  /** After each pass, with what it was about. */
  readonly onPass?: (snapshot: Snapshot, model: Model) => void;
  readonly signal: AbortSignal;
}

export interface Reconciler {
  /**
   * A new Snapshot; the newest wins.
   * @param at when the source noticed what is new in it, as `performance.now()` tells it.
   */
  offer(snapshot: Snapshot, at?: number): void;
  /** New templates. */
  useRender(render: Render): void;
  /** Look again: something that the loop does not see itself has changed. */
  kick(): void;
  /** Digest of the files that nginx should run; null while that is changing, or when there are none. */
  filesInForce(): string | null;
  /** Settles when the pass and the compile under way have ended. */
  idle(): Promise<void>;
}

export function createReconciler(parts: ReconcileParts): Reconciler {
  const { schedule, report, signal } = parts;
  const plan = createPlanner();
  let applied = parts.applied;
  let compiled: { readonly of: AppliedFiles; readonly hosts: ReadonlySet<string> } | null = null;
  /** There were no files, and no nginx has been seen since. */
  let isCold = applied.files === null;
  /** nginx is to be reloaded for hosts that the files it starts with do without. */
  let reloadToCome = false;
  let newest: { readonly snapshot: Snapshot; readonly sequence: number } | null = null;
  let dirty = false;
  let passing: Promise<void> | null = null;
  const alarm = createAlarm(kick, signal);
  const retryPublish = createBackoff({ first: 500, longest: 10_000 });
  const templates = createTemplateTrial({ ...parts, onFailed: (error) => report.renderFailed(error) });
  const lane = createFilesLane({
    ...parts,
    mayStart: (when, draining) => schedule.mayStart(when, draining),
    onStarted(files, reasons) {
      applied = compileStarted(applied, files);
      report.compileStarted(reasons);
    },
    onEnded: compileEnded,
    onConfirmed(files, outcome) {
      if (outcome.outcome === 'proven') schedule.begun();
      report.confirmEnded(files, outcome);
      kick();
    },
    onRefused: (retryIn) => alarm.within(retryIn),
  });

  return {
    offer(snapshot, at = performance.now()) {
      newest = { snapshot, sequence: (newest?.sequence ?? 0) + 1 };
      report.seen(newest.sequence, at);
      kick();
    },
    useRender(next) {
      templates.use(next);
      lane.forgive();
      kick();
    },
    kick,
    filesInForce: () => (applied.compiling === null ? (applied.files?.digest ?? null) : null),
    async idle() {
      await passing;
      await lane.idle();
    },
  };

  function kick(): void {
    dirty = true;
    if (passing !== null || newest === null || signal.aborted) return;
    passing = passes().finally(() => {
      passing = null;
      if (dirty) kick();
    });
  }

  async function passes(): Promise<void> {
    while (dirty && !signal.aborted) {
      dirty = false;
      try {
        await pass();
      } catch (error) {
        report.passFailed(error);
        alarm.within(retryPublish.next());
      }
    }
  }

  async function pass(): Promise<void> {
    if (newest === null) return;
    const { snapshot, sequence } = newest;
    const started = performance.now();
    const model = parts.translate(snapshot);
    const known = compiledHosts();
    const { rendered, by } = templates.render(model, schedule.targets(model, known));
    const decision = plan(applied, rendered);
    report.planned(sequence, model, decision, performance.now() - started);
    const { published, inForce, mayCompile } = await publish(decision, rendered);
    report.pushed(inForce);
    const isLive = rendered.files.digest === applied.files?.digest;
    if (mayCompile && lane.isIdle() && !signal.aborted) {
      templates.judge(by);
      const draining = decision.kind === 'push+compile' ? await parts.draining() : 0;
      lane.offer(decision, isLive ? rendered.files : null, draining);
    }
    if (known === null) reloadToCome = true;
    else if (isSettledFor(decision, rendered) && lane.isIdle()) reloadToCome = false;
    const filesWanted = decision.kind === 'push+compile' || !lane.isIdle();
    const compileWaits = lane.waits(decision);
    report.passed(sequence, {
      applied,
      published,
      compileWaits,
      filesWanted,
      reloadToCome,
      failedHosts: schedule.failed(),
      hosts: hostStates({ model, applied, wanted: rendered.files, schedule }),
    });
    parts.onPass?.(snapshot, model);
    const wait = schedule.wakeIn();
    if (wait !== null) alarm.within(wait);
  }

  /** null: nginx is still to start, with the first files. */
  function compiledHosts(): ReadonlySet<string> | null {
    isCold &&= !parts.isRunning();
    if (isCold) return null;
    const of = applied.compiling ?? applied.files;
    if (of === null) return NONE;
    if (of !== compiled?.of) compiled = { of, hosts: new Set(of.compiled.keys()) };
    return compiled.hosts;
  }

  /** Make before break: files that name new routes follow the routes, unless they are what the routes wait for. */
  async function publish(decision: Plan, rendered: Rendered): Promise<Published> {
    if (decision.kind === 'nothing' || isEmpty(decision.change)) return SENT;
    const started = performance.now();
    const outcome = await parts.publish(decision.change);
    report.published(decision.change, outcome, performance.now() - started);
    if (outcome.outcome === 'refused') {
      alarm.within(retryPublish.next());
      return {
        ...REFUSED,
        mayCompile: outcome.code !== 'disk' && mayCureRefusal(applied, rendered),
      };
    }
    retryPublish.reset();
    applied = afterPush(applied, decision.change);
    return { ...SENT, inForce: outcome.outcome === 'in-force' };
  }

  function compileEnded(files: RenderedFiles, outcome: CompileOutcome): void {
    // Broken off by our own end: the next start looks what became of it.
    if (signal.aborted && outcome.outcome === 'failed') return;
    if (outcome.outcome === 'proven' || outcome.outcome === 'written') {
      templates.taken(files);
      if (files.compiled.size > 0) reloadToCome = false;
      if (applied.compiling !== null) applied = compileProven(applied);
      if (outcome.outcome === 'proven') schedule.finished(outcome.durationMs);
      report.compileEnded(files, outcome, null);
    } else {
      applied = compileFailed(applied);
      // Workers were replaced twice, there and back, which is to happen again no sooner than after any other reload.
      if (outcome.outcome === 'not-live' && outcome.switched) schedule.finished(0);
      report.compileEnded(
        files,
        outcome,
        outcome.outcome === 'invalid' && outcome.ours ? blame(files, outcome) : null,
      );
    }
    kick();
  }

  /** Text of ours was refused: by the user's templates, else by one host that then stays interpreted. */
  function blame(files: RenderedFiles, { line, message }: Refusal): Blame {
    if (templates.isToBlame()) return { templates: true };
    const owner = lineOwner(files, line);
    if (owner !== null) schedule.exclude(owner.host, message);
    return owner;
  }
}

type Refusal = Extract<CompileOutcome, { readonly outcome: 'invalid' }>;

interface Published {
  readonly published: boolean;
  readonly inForce: boolean;
  readonly mayCompile: boolean;
}

const NONE: ReadonlySet<string> = new Set();
const SENT: Published = { published: true, inForce: true, mayCompile: true };
const REFUSED = { published: false, inForce: false };

/** No host waits for a compile. */
function isSettledFor(decision: Plan, { files }: Rendered): boolean {
  return decision.kind !== 'push+compile' || files.compiled.size === 0;
}

function isEmpty(change: DocumentChange): boolean {
  return change.put.length === 0 && change.remove.length === 0;
}
