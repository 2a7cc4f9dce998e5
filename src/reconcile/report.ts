// What the loop did and found, kept for whoever asks: /state, metrics, the log. The loop tells facts; here they
// become words and numbers.

import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { Applied, DocumentChange, Plan } from '../model/plan.ts';
import type { RenderedFiles } from '../model/rendered.ts';
import { compileDiagnostics, publishDiagnostics, renderDiagnostics } from './diagnostics.ts';

export interface Report {
  seen(sequence: number): void;
  planned(sequence: number, model: Model, plan: Plan, milliseconds: number): void;
  rendered(): void;
  renderFailed(error: unknown): void;
  published(change: DocumentChange, outcome: PublishOutcome, milliseconds: number): void;
  compileStarted(reasons: readonly string[]): void;
  compileEnded(files: RenderedFiles, outcome: CompileOutcome): void;
  passed(sequence: number, facts: PassFacts): void;
  /** All that is known, for /state. */
  facts(): ReportFacts;
}

export interface PassFacts {
  readonly applied: Applied;
  readonly published: boolean;
  readonly compileWaits: boolean;
}

export interface ReportFacts {
  /** Everything seen from the source is decided, published and, where it needs files, compiled. */
  readonly caughtUp: boolean;
  readonly lastPlan: LastPlan | null;
  readonly reloads: number;
  readonly pushes: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly hosts: { readonly compiled: number; readonly interpreted: number };
  readonly filesDigest: string | null;
}

export interface LastPlan {
  readonly kind: Plan['kind'];
  readonly reasons: readonly string[];
  readonly at: string;
}

/** Where measurements go (see `serve/metrics.ts`). Durations are milliseconds. */
export interface Measurements {
  pass(milliseconds: number): void;
  push(outcome: PublishOutcome['outcome'], milliseconds: number): void;
  compile(outcome: CompileOutcome['outcome'], milliseconds: number | null): void;
}

export interface ReportLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export function createReport(parts: { readonly log: ReportLog; readonly measure: Measurements; readonly now: () => Date }): Report {
  const { log, measure } = parts;
  let seen = 0;
  let passed = 0;
  let facts: PassFacts | null = null;
  let model: Model | null = null;
  let lastPlan: LastPlan | null = null;
  let reloads = 0;
  let pushes = 0;
  let troubles: { render: readonly Diagnostic[]; publish: readonly Diagnostic[]; compile: readonly Diagnostic[] } = {
    render: [],
    publish: [],
    compile: [],
  };

  return {
    seen(sequence) {
      seen = sequence;
    },
    planned(sequence, next, decision, milliseconds) {
      model = next;
      measure.pass(milliseconds);
      if (decision.kind === 'nothing' && sequence === passed) return;
      const reasons = decision.kind === 'push+compile' ? [...decision.reasons, ...decision.compile.reasons] : decision.reasons;
      lastPlan = { kind: decision.kind, reasons, at: parts.now().toISOString() };
      if (decision.kind !== 'nothing') log.info({ plan: decision.kind, reasons }, 'planned');
    },
    rendered() {
      troubles = { ...troubles, render: [] };
    },
    renderFailed(error) {
      troubles = { ...troubles, render: renderDiagnostics(error) };
      for (const trouble of troubles.render) log.warn({ diagnostic: trouble }, trouble.message);
    },
    published(change, outcome, milliseconds) {
      measure.push(outcome.outcome, milliseconds);
      troubles = { ...troubles, publish: publishDiagnostics(outcome) };
      if (outcome.outcome !== 'refused') pushes += 1;
      const counts = { put: change.put.length, remove: change.remove.length, milliseconds: Math.round(milliseconds) };
      if (outcome.outcome === 'in-force') log.info(counts, 'pushed, in force');
      else log.warn({ ...counts, outcome }, outcome.message);
    },
    compileStarted(reasons) {
      log.info({ reasons }, 'compiling');
    },
    compileEnded(files, outcome) {
      measure.compile(outcome.outcome, 'durationMs' in outcome ? outcome.durationMs : null);
      troubles = { ...troubles, compile: compileDiagnostics(files, outcome) };
      if (outcome.outcome === 'proven') reloads += 1;
      if ('durationMs' in outcome) log.info({ files: files.digest, ...outcome }, `files are ${outcome.outcome}`);
      else log.warn({ files: files.digest, outcome }, outcome.message);
    },
    passed(sequence, next) {
      passed = sequence;
      facts = next;
    },
    facts() {
      const compiled = facts?.applied.files?.compiled.size ?? 0;
      return {
        caughtUp: facts !== null && passed === seen && facts.published && !facts.compileWaits && troubles.render.length === 0,
        lastPlan,
        reloads,
        pushes,
        diagnostics: [...(model?.diagnostics ?? []), ...Object.values(troubles).flat()].sort(compareDiagnostics),
        hosts: { compiled, interpreted: Math.max(0, (model?.servers.size ?? 0) - compiled) },
        filesDigest: facts?.applied.files?.digest ?? null,
      };
    },
  };
}
