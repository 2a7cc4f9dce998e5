// The loop: one pass at a time from what the sources know to what nginx serves. A pass reads as a sentence:
// translate, render, plan, publish, compile, report. Documents and files go separate lanes: a compile under way
// (or refused) never holds back an endpoint.

import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { Applied, DocumentChange, Plan } from '../model/plan.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { afterPush, compileFailed, compileProven, compileStarted, plan } from '../plan/plan.ts';
import { createAlarm } from './alarm.ts';
import { createBackoff } from './backoff.ts';
import type { CompileSchedule } from './compile-schedule.ts';
import type { Report } from './report.ts';

export interface ReconcileParts {
  readonly translate: (snapshot: Snapshot) => Model;
  readonly render: Render;
  readonly schedule: CompileSchedule;
  readonly publish: (change: DocumentChange) => Promise<PublishOutcome>;
  readonly compile: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** Proof without a signal, for an nginx that was started after its files were written. */
  readonly confirm: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly isRunning: () => boolean;
  /** What was in force when the controller started. */
  readonly applied: Applied;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Throws when the templates cannot render this model; the last good files then stay. */
export type Render = (model: Model, compile: ReadonlySet<string>) => Rendered;

export interface Reconciler {
  /** A new Snapshot; the newest wins. */
  offer(snapshot: Snapshot): void;
  /** New templates. */
  useRender(render: Render): void;
  /** Look again: something that the loop does not see itself has changed. */
  kick(): void;
  /** Settles when the pass and the compile under way have ended. */
  idle(): Promise<void>;
}

export function createReconciler(parts: ReconcileParts): Reconciler {
  const { schedule, report, signal } = parts;
  let applied = parts.applied;
  let render = parts.render;
  let newest: { readonly snapshot: Snapshot; readonly sequence: number } | null = null;
  let dirty = false;
  let passing: Promise<void> | null = null;
  let compiling: Promise<void> | null = null;
  const retryPublish = createBackoff({ first: 500, longest: 10_000 });
  const retryCompile = createBackoff({ first: 2_000, longest: 60_000 });
  /** Files that were refused, and when they may be tried again although nothing has changed. */
  let refused: { readonly digest: string; readonly until: number } | null = null;
  /** Written while no nginx ran: its start is their proof. */
  let unproven: RenderedFiles | null = null;
  const alarm = createAlarm(kick, signal);

  return {
    offer(snapshot) {
      newest = { snapshot, sequence: (newest?.sequence ?? 0) + 1 };
      report.seen(newest.sequence);
      kick();
    },
    useRender(next) {
      render = next;
      refused = null;
      kick();
    },
    kick,
    async idle() {
      while (passing !== null || compiling !== null) await Promise.all([passing, compiling]);
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
      await pass();
    }
  }

  async function pass(): Promise<void> {
    if (newest === null) return;
    const { snapshot, sequence } = newest;
    const started = performance.now();
    const model = parts.translate(snapshot);
    const rendered = tryRender(model, schedule.targets(model, compiledHosts()));
    if (rendered === null) return;
    const decision = plan(applied, rendered);
    report.planned(sequence, model, decision, performance.now() - started);
    const published = await publish(decision);
    if (published) startCompile(decision);
    report.passed(sequence, { applied, published, compileWaits: compileWaits(decision) });
    wakeLater();
  }

  function compiledHosts(): ReadonlySet<string> {
    const files = applied.compiling ?? applied.files;
    return new Set(files?.compiled.keys() ?? []);
  }

  function tryRender(model: Model, targets: ReadonlySet<string>): Rendered | null {
    try {
      const rendered = render(model, targets);
      report.rendered();
      return rendered;
    } catch (error) {
      report.renderFailed(error);
      return null;
    }
  }

  async function publish(decision: Plan): Promise<boolean> {
    if (decision.kind === 'nothing' || isEmpty(decision.change)) return true;
    const started = performance.now();
    const outcome = await parts.publish(decision.change);
    report.published(decision.change, outcome, performance.now() - started);
    if (outcome.outcome === 'refused') {
      alarm.within(retryPublish.next());
      return false;
    }
    retryPublish.reset();
    applied = afterPush(applied, decision.change);
    return true;
  }

  function startCompile(decision: Plan): void {
    if (compiling !== null || signal.aborted) return;
    if (decision.kind !== 'push+compile') {
      if (unproven !== null && parts.isRunning()) inFilesLane(parts.confirm, unproven);
      return;
    }
    const { files, when, reasons } = decision.compile;
    if (refused?.digest === files.digest && performance.now() < refused.until) return;
    if (when === 'calm' && !schedule.isCalm()) return;
    applied = compileStarted(applied, files);
    report.compileStarted(reasons);
    inFilesLane(parts.compile, files);
  }

  function inFilesLane(work: (files: RenderedFiles) => Promise<CompileOutcome>, files: RenderedFiles): void {
    compiling = work(files).then((outcome) => {
      compiling = null;
      compileEnded(files, outcome);
      kick();
    });
  }

  function compileEnded(files: RenderedFiles, outcome: CompileOutcome): void {
    report.compileEnded(files, outcome);
    if (outcome.outcome === 'proven' || outcome.outcome === 'written') {
      unproven = outcome.outcome === 'written' ? files : null;
      if (applied.compiling !== null) applied = compileProven(applied);
      schedule.finished(outcome.outcome === 'proven' ? outcome.durationMs : 0);
      retryCompile.reset();
      refused = null;
      return;
    }
    applied = compileFailed(applied);
    const host = outcome.outcome === 'invalid' ? hostAt(files, outcome.line, outcome.ours) : null;
    if (host !== null) {
      schedule.exclude(host);
      return;
    }
    const wait = retryCompile.next();
    refused = { digest: files.digest, until: performance.now() + wait };
    alarm.within(wait);
  }

  /** Is something not in force until a compile is? */
  function compileWaits(decision: Plan): boolean {
    return decision.kind === 'push+compile' && decision.compile.when === 'now';
  }

  function wakeLater(): void {
    const wait = schedule.wakeIn();
    if (wait !== null) alarm.within(wait);
  }
}

function isEmpty(change: DocumentChange): boolean {
  return change.put.length === 0 && change.remove.length === 0;
}

/** The host whose text nginx refused, when it was text of ours. */
function hostAt(files: RenderedFiles, line: number | null, ours: boolean): string | null {
  if (line === null || !ours) return null;
  return files.lines.find((range) => range.first <= line && line <= range.last)?.host ?? null;
}


