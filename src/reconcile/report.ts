// What the loop did and found, kept for whoever asks: /state, metrics, the log. The loop tells facts; here they
// become words and numbers.

import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { Applied, DocumentChange, Plan } from '../model/plan.ts';
import type { RenderedFiles, SourceLines } from '../model/rendered.ts';
import { createExpiry } from '../translate/expiry.ts';
import { memoizeLast } from '../translate/memo.ts';
import {
  compileDiagnostics,
  hostRefusal,
  internalDiagnostics,
  publishDiagnostics,
  renderDiagnostics,
  startDiagnostics,
  templateRefusal,
} from './diagnostics.ts';
import type { HostState } from './host-states.ts';
import { createPropagation, type PropagationKind } from './propagation.ts';
import { createTroubles } from './troubles.ts';

export interface Report {
  /** @param at when the source noticed it, as `performance.now()` tells it. */
  seen(sequence: number, at: number): void;
  planned(sequence: number, model: Model, plan: Plan, milliseconds: number): void;
  /** The templates in use cannot render this state; the last good ones are used instead. */
  renderFailed(error: unknown): void;
  /** A bug of ours ended the pass; what is in force stays. */
  passFailed(error: unknown): void;
  published(change: DocumentChange, outcome: PublishOutcome, milliseconds: number): void;
  /** What the pass had to send, if anything, was taken (`inForce`: by every live nginx) or refused. */
  pushed(inForce: boolean): void;
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
  /** Each host, by name: which state it is in and what it waits for. */
  hosts(): readonly HostState[];
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
  /** nginx has started without servers of hosts, and is to be reloaded for them. */
  readonly reloadToCome: boolean;
  /** Hosts that are interpreted because nginx refused their text. */
  readonly failedHosts: ReadonlySet<string>;
  /** Of every host, as of now. */
  readonly hosts: () => readonly HostState[];
}

export interface ReportFacts {
  /** Everything seen from the source is decided, published and, where it needs files, compiled. */
  readonly caughtUp: boolean;
  /** All may be in force, and a reload that belongs to the start is to follow. */
  readonly reloadToCome: boolean;
  /** Why not caught up, in sentences. */
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
  /** From a change noticed by the source to the same in force. */
  propagation(kind: PropagationKind, milliseconds: number): void;
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
  const expired = createExpiry();
  const gathered = memoizeLast((...lists: readonly (readonly Diagnostic[])[]) =>
    lists.flat().sort(compareDiagnostics),
  );
  const propagation = createPropagation(
    (kind, milliseconds) => measure.propagation(kind, milliseconds),
    () => performance.now(),
  );

  return {
    seen(sequence, at) {
      seen = sequence;
      propagation.noticed(at);
    },
    planned(sequence, next, decision, milliseconds) {
      model = next;
      propagation.planned(decision);
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
    pushed: (inForce) => propagation.pushed(inForce),
    compileStarted(reasons) {
      log.info({ reasons }, 'compiling');
    },
    compileEnded(files, outcome, blame) {
      measure.compile(outcome.outcome, 'durationMs' in outcome ? outcome.durationMs : null);
      if (outcome.outcome === 'proven') {
        reloads += 1;
        propagation.compiled(files.digest);
      }
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
    hosts: () => facts?.hosts() ?? [],
    facts() {
      const waiting = waitingFor();
      const compiled = facts?.applied.files?.compiled.size ?? 0;
      return {
        caughtUp: waiting.length === 0,
        reloadToCome: facts?.reloadToCome ?? false,
        waiting,
        lastPlan,
        reloads,
        pushes,
        diagnostics: diagnostics(),
        hosts: { compiled, interpreted: Math.max(0, (model?.servers.size ?? 0) - compiled) },
        filesDigest: facts?.applied.files?.digest ?? null,
      };
    },
  };

  /** Asked for after each pass, so it is the same list as long as it is. Expiry needs a clock, which translation has not. */
  function diagnostics(): readonly Diagnostic[] {
    const ofModel = model?.diagnostics ?? [];
    const ranOut = model === null ? [] : expired(model, parts.now().getTime());
    return gathered(ofModel, ranOut, troubles.all());
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
