// What the loop did and found, kept for whoever asks: /state, metrics, the log. The loop tells facts; here they
// become words and numbers.

import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { Applied, DocumentChange, Plan } from '../model/plan.ts';
import type { RenderedFiles, SourceLines } from '../model/rendered.ts';
import { expiredCertificates } from '../translate/expiry.ts';
import {
  compileDiagnostics,
  hostRefusal,
  internalDiagnostics,
  publishDiagnostics,
  renderDiagnostics,
  startDiagnostics,
  templateRefusal,
} from './diagnostics.ts';
import { createTroubles } from './troubles.ts';

export interface Report {
  seen(sequence: number): void;
  planned(sequence: number, model: Model, plan: Plan, milliseconds: number): void;
  /** The templates in use cannot render this state; the last good ones are used instead. */
  renderFailed(error: unknown): void;
  /** A bug of ours ended the pass; what is in force stays. */
  passFailed(error: unknown): void;
  published(change: DocumentChange, outcome: PublishOutcome, milliseconds: number): void;
  compileStarted(reasons: readonly string[]): void;
  compileEnded(files: RenderedFiles, outcome: CompileOutcome, blame: Blame): void;
  /** Files that were written while no nginx ran: did it start with them? */
  confirmEnded(files: RenderedFiles, outcome: CompileOutcome): void;
  passed(sequence: number, facts: PassFacts): void;
  /** A supervised nginx did not start (what it said), or runs (null). */
  started(trouble: string | null): void;
  /** What is wrong with the user's templates, whoever found it. */
  templates(diagnostics: readonly Diagnostic[]): void;
  /** All that is known, for /state. */
  facts(): ReportFacts;
}

/** Whose text nginx refused: the user's templates', a host's, or nobody's of those. */
export type Blame = { readonly templates: true } | SourceLines | null;

export interface PassFacts {
  readonly applied: Applied;
  readonly published: boolean;
  /** Why something is not in force before a compile is; empty when nothing waits. */
  readonly compileWaits: readonly string[];
  /** Other files than the live ones are wanted or under way. */
  readonly filesWanted: boolean;
  /** Hosts that are interpreted because nginx refused their text. */
  readonly failedHosts: ReadonlySet<string>;
}

export interface ReportFacts {
  /** Everything seen from the source is decided, published and, where it needs files, compiled. */
  readonly caughtUp: boolean;
  /** Why not, in sentences. */
  readonly waiting: readonly string[];
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

export function createReport(parts: {
  readonly log: ReportLog;
  readonly measure: Measurements;
  readonly now: () => Date;
}): Report {
  const { log, measure } = parts;
  let seen = 0;
  let passed = 0;
  let facts: PassFacts | null = null;
  let model: Model | null = null;
  let lastPlan: LastPlan | null = null;
  let reloads = 0;
  let pushes = 0;
  const troubles = createTroubles(log);

  return {
    seen(sequence) {
      seen = sequence;
    },
    planned(sequence, next, decision, milliseconds) {
      model = next;
      measure.pass(milliseconds);
      const { reasons } = decision;
      // A pass that only looked again, and found what is known (nothing, or a compile that waits), is no news.
      const known = decision.kind === 'nothing' || reasons.join() === lastPlan?.reasons.join();
      if (known && sequence === passed) return;
      lastPlan = { kind: decision.kind, reasons, at: parts.now().toISOString() };
      if (decision.kind !== 'nothing') log.info({ plan: decision.kind, reasons }, 'planned');
    },
    renderFailed: (error) => troubles.say('templates', renderDiagnostics(error)),
    passFailed: (error) => troubles.say('pass', internalDiagnostics(error)),
    started: (trouble) => troubles.say('start', trouble === null ? [] : startDiagnostics(trouble)),
    templates: (diagnostics) => troubles.say('templates', diagnostics),
    published(change, outcome, milliseconds) {
      measure.push(outcome.outcome, milliseconds);
      troubles.say('publish', publishDiagnostics(outcome));
      if (outcome.outcome !== 'refused') pushes += 1;
      const counts = {
        put: change.put.length,
        remove: change.remove.length,
        milliseconds: Math.round(milliseconds),
      };
      if (outcome.outcome === 'in-force') log.info(counts, 'pushed, in force');
      else log.warn({ ...counts, outcome }, outcome.message);
    },
    compileStarted(reasons) {
      log.info({ reasons }, 'compiling');
    },
    compileEnded(files, outcome, blame) {
      measure.compile(outcome.outcome, 'durationMs' in outcome ? outcome.durationMs : null);
      if (outcome.outcome === 'proven') reloads += 1;
      filesEnded(files, outcome);
      if (outcome.outcome !== 'invalid' || blame === null) return;
      troubles.say('compile', []);
      if ('templates' in blame) troubles.say('templates', templateRefusal(outcome.message));
      else troubles.sayOf(blame.host, hostRefusal(blame, outcome.message));
    },
    confirmEnded: filesEnded,
    passed(sequence, next) {
      passed = sequence;
      troubles.say('pass', []);
      facts = next;
      if (!next.filesWanted) troubles.say('compile', []);
      troubles.keepHosts(next.failedHosts);
    },
    facts() {
      const waiting = waitingFor();
      const compiled = facts?.applied.files?.compiled.size ?? 0;
      return {
        caughtUp: waiting.length === 0,
        waiting,
        lastPlan,
        reloads,
        pushes,
        diagnostics: [...ofModel(), ...troubles.all()].sort(compareDiagnostics),
        hosts: { compiled, interpreted: Math.max(0, (model?.servers.size ?? 0) - compiled) },
        filesDigest: facts?.applied.files?.digest ?? null,
      };
    },
  };

  /** Expiry needs a clock, which translation has not. */
  function ofModel(): readonly Diagnostic[] {
    return model === null ? [] : [...model.diagnostics, ...expiredCertificates(model, parts.now().getTime())];
  }

  function filesEnded(files: RenderedFiles, outcome: CompileOutcome): void {
    troubles.say('compile', compileDiagnostics(outcome));
    const well = outcome.outcome === 'proven' || outcome.outcome === 'written';
    if (well) log.info({ files: files.digest, ...outcome }, `files are ${outcome.outcome}`);
  }

  function waitingFor(): readonly string[] {
    if (facts === null) return ['the first view of the sources is not complete yet'];
    const waiting = facts.compileWaits.map((reason) => `files have to be put in force first: ${reason}`);
    if (passed !== seen) waiting.push('a change is being worked on');
    if (!facts.published) waiting.push('the last change was refused');
    return waiting;
  }
}
