// OCSP responses of the certificates in service, kept fresh: each is asked for at once, again at half of its life, and
// with growing pauses while that fails. A failure keeps what is still valid; only its end, or a newer answer, drops it.

import { setImmediate } from 'node:timers/promises';
import type { Certificate, Staple } from '../../model/model.ts';
import { createGate } from '../names/gate.ts';
import { fetchStaple, readSubject, type StapleOutcome, type SubjectReading } from './fetch-staple.ts';
import { ocspTimes } from './ocsp-response.ts';
import type { AllowedNetworks } from './responder-address.ts';

export interface StapleState {
  readonly staple: Staple | null;
  readonly problem: StapleProblem | null;
}

export type StapleProblem =
  | { readonly kind: 'without-issuer' | 'revoked' }
  | { readonly kind: 'failed'; readonly message: string };

export interface StapleWatcher {
  /** Exactly these certificates from now on; others are forgotten. */
  update(certificates: Iterable<Certificate>): void;
  /** By leaf. */
  states(): ReadonlyMap<string, StapleState>;
}

export interface WatchStaplesOptions {
  readonly signal: AbortSignal;
  /** Some state is another one. */
  readonly onChange: () => void;
  readonly allowed: AllowedNetworks;
  /** By leaf: what was in force at the start. Taken up while it is valid. */
  readonly former?: ReadonlyMap<string, Staple>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Shortest pause between two questions about a certificate, milliseconds; doubled by each failure. */
  readonly pause?: number;
}

export function watchStaples(options: WatchStaplesOptions): StapleWatcher {
  const { signal, onChange, allowed, former = new Map(), now = Date.now, pause = 60_000 } = options;
  const entries = new Map<string, Entry>();
  const gate = createGate(QUESTIONS_AT_ONCE);
  signal.addEventListener('abort', () => [...entries.keys()].forEach(forget), { once: true });

  return {
    update(certificates) {
      if (signal.aborted) return;
      const wanted = chainsOf(certificates);
      for (const leaf of entries.keys()) if (!wanted.has(leaf)) forget(leaf);
      for (const [leaf, chain] of wanted) if (entries.get(leaf)?.chain !== chain) begin(leaf, chain);
    },
    states: () => new Map([...entries].map(([leaf, entry]) => [leaf, entry.state])),
  };

  function begin(leaf: string, chain: string): void {
    const known = entries.get(leaf)?.state.staple ?? former.get(leaf);
    forget(leaf);
    const entry: Entry = {
      chain,
      subject: undefined,
      state: { staple: null, problem: null },
      due: 0,
      failures: 0,
      timer: undefined,
    };
    entries.set(leaf, entry);
    const times = known === undefined ? null : ocspTimes(Buffer.from(known.response, 'base64'));
    if (known !== undefined && times !== null && times.ends > now()) {
      entry.state = { staple: known, problem: null };
      entry.due = halfOf(times);
    }
    wake(leaf, entry);
  }

  /** Ends what has ended, asks when it is time. */
  function wake(leaf: string, entry: Entry): void {
    if (entries.get(leaf) !== entry) return;
    const { staple, problem } = entry.state;
    if (staple !== null && staple.ends * 1000 <= now()) show(entry, { staple: null, problem });
    if (now() >= entry.due) {
      void gate(() => ask(leaf, entry));
      return;
    }
    const next = Math.min(entry.due, (entry.state.staple?.ends ?? Number.POSITIVE_INFINITY) * 1000);
    if (next === Number.POSITIVE_INFINITY) return;
    entry.timer = setTimeout(() => wake(leaf, entry), Math.min(Math.max(next - now(), 10), LONGEST_SLEEP));
  }

  async function ask(leaf: string, entry: Entry): Promise<void> {
    // There may be thousands, and reading one takes a fraction of a millisecond: other work comes in between.
    await setImmediate();
    if (entries.get(leaf) !== entry) return;
    entry.subject ??= readSubject(entry.chain);
    if (entry.subject.kind !== 'subject') takeNobody(entry, entry.subject.kind);
    else {
      const outcome = await fetchStaple(entry.subject.subject, { allowed, now, signal }).catch(stumbled);
      if (entries.get(leaf) !== entry) return;
      take(entry, outcome);
    }
    wake(leaf, entry);
  }

  /** There is nobody to ask, now or later. */
  function takeNobody(entry: Entry, kind: 'without-issuer' | 'without-responder'): void {
    entry.due = Number.POSITIVE_INFINITY;
    show(entry, { staple: entry.state.staple, problem: kind === 'without-issuer' ? { kind } : null });
  }

  function take(entry: Entry, outcome: StapleOutcome): void {
    const soon = pause * (0.9 + 0.2 * Math.random());
    if (outcome.kind === 'good') {
      entry.failures = 0;
      entry.due = Math.max(now() + soon, halfOf(outcome));
      show(entry, { staple: outcome.staple, problem: null });
      return;
    }
    entry.failures += 1;
    entry.due = now() + Math.min(soon * 2 ** (entry.failures - 1), Math.max(soon, LONGEST_PAUSE));
    const staple = outcome.kind === 'revoked' ? null : entry.state.staple;
    show(entry, { staple, problem: outcome });
  }

  function show(entry: Entry, next: StapleState): void {
    const { state } = entry;
    if (state.staple?.response === next.staple?.response && sameProblem(state.problem, next.problem)) return;
    entry.state = next;
    onChange();
  }

  function forget(leaf: string): void {
    clearTimeout(entries.get(leaf)?.timer);
    entries.delete(leaf);
  }
}

/** What strangers say must not end the controller, not even by a bug of ours. */
function stumbled(error: unknown): StapleOutcome {
  const { message } = error as Error;
  return { kind: 'failed', message: `gave an answer that could not be worked through (${message})` };
}

/** By leaf; of two Secrets with one leaf the chain that says more. */
function chainsOf(certificates: Iterable<Certificate>): ReadonlyMap<string, string> {
  const chains = new Map<string, string>();
  for (const { leaf, chain } of certificates) {
    if (chain.length > (chains.get(leaf)?.length ?? 0)) chains.set(leaf, chain);
  }
  return chains;
}

interface Entry {
  readonly chain: string;
  /** Absent: not read yet. */
  subject: SubjectReading | undefined;
  state: StapleState;
  /** When to ask next, milliseconds since 1970. */
  due: number;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

/** Some may wait for responders that never answer. */
const QUESTIONS_AT_ONCE = 16;
const LONGEST_PAUSE = 3_600_000;
/** Timers hold no more than 24 days, and clocks are set. */
const LONGEST_SLEEP = 3_600_000;

/** Somewhere about half of its life, so that many of one age are not asked for at once. */
function halfOf({ begins, ends }: { readonly begins: number; readonly ends: number }): number {
  return begins + (ends - begins) * (0.45 + 0.1 * Math.random());
}

function sameProblem(a: StapleProblem | null, b: StapleProblem | null): boolean {
  const text = (problem: StapleProblem | null) =>
    problem?.kind === 'failed' ? problem.message : problem?.kind;
  return text(a) === text(b);
}
