// Addresses of external names, kept fresh: each name is looked up at once, again every few seconds, and with growing
// pauses while it fails. A failure keeps the last good addresses; only an answer replaces them.

import { lookup as systemLookup } from 'node:dns/promises';
import type { NameProblem } from './check-name.ts';
import { checkName, refusedAddress, usableAddresses } from './check-name.ts';
import { createGate } from './gate.ts';

/** Addresses of a name, or a rejection whose `code` says why. The default asks the system (with /etc/hosts). */
export type Lookup = (name: string) => Promise<readonly string[]>;

export interface NameState {
  /** Null: never resolved. Sorted. */
  readonly addresses: readonly string[] | null;
  readonly problem: NameProblem | null;
  /** The first lookup is still under way. */
  readonly pending: boolean;
}

export interface NameWatcher {
  /** Exactly these names from now on; others are forgotten. */
  update(names: ReadonlySet<string>): void;
  states(): ReadonlyMap<string, NameState>;
}

export interface WatchNamesOptions {
  readonly signal: AbortSignal;
  /** Addresses or problem of some name are different, or a first lookup ended. */
  readonly onChange: () => void;
  readonly lookup?: Lookup;
  /** Milliseconds between lookups, ±10 %. */
  readonly interval?: number;
  /** First pause after a failure; it doubles up to a minute. */
  readonly retry?: number;
}

export function watchNames(options: WatchNamesOptions): NameWatcher {
  const { signal, onChange, lookup = lookupBySystem, interval = 5000, retry = 1000 } = options;
  const entries = new Map<string, Entry>();
  const gate = createGate(LOOKUPS_AT_ONCE);
  signal.addEventListener('abort', () => [...entries.keys()].forEach(forget), { once: true });

  return {
    update: (names) => {
      if (signal.aborted) return;
      for (const name of entries.keys()) if (!names.has(name)) forget(name);
      for (const name of names) if (!entries.has(name)) begin(name);
    },
    states: () => new Map([...entries].map(([name, entry]) => [name, entry.state])),
  };

  function begin(name: string): void {
    const check = checkName(name);
    const entry: Entry = { state: PENDING, failures: 0, timer: undefined };
    entries.set(name, entry);
    if (check.kind === 'name') void resolve(name, entry);
    else if (check.kind === 'address')
      entry.state = { addresses: [check.address], problem: null, pending: false };
    else entry.state = { addresses: null, problem: check, pending: false };
  }

  async function resolve(name: string, entry: Entry): Promise<void> {
    const answer = await gate(() => (isCurrent(name, entry) ? ask(name) : Promise.resolve(null)));
    if (answer === null || !isCurrent(name, entry)) return;
    const failed = answer.problem?.kind === 'failed';
    entry.failures = failed ? entry.failures + 1 : 0;
    const pause = failed ? Math.min(retry * 2 ** (entry.failures - 1), LONGEST_PAUSE) : interval;
    entry.timer = setTimeout(() => void resolve(name, entry), pause * (0.9 + 0.2 * Math.random()));
    const next: NameState = {
      addresses: failed ? entry.state.addresses : answer.addresses,
      problem: answer.problem,
      pending: false,
    };
    if (sameState(next, entry.state)) return;
    entry.state = next;
    onChange();
  }

  async function ask(name: string): Promise<Answer> {
    try {
      const addresses = usableAddresses(await lookup(name));
      return addresses.length > 0
        ? { addresses, problem: null }
        : { addresses: null, problem: refusedAddress(name) };
    } catch (error) {
      return { addresses: null, problem: failure(error) };
    }
  }

  function isCurrent(name: string, entry: Entry): boolean {
    return entries.get(name) === entry;
  }

  function forget(name: string): void {
    clearTimeout(entries.get(name)?.timer);
    entries.delete(name);
  }
}

interface Entry {
  state: NameState;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

interface Answer {
  readonly addresses: readonly string[] | null;
  readonly problem: NameProblem | null;
}

const PENDING: NameState = { addresses: null, problem: null, pending: true };
const LONGEST_PAUSE = 60_000;
/** getaddrinfo blocks a thread of the pool that reading files needs too (four by default). */
const LOOKUPS_AT_ONCE = 2;

async function lookupBySystem(name: string): Promise<readonly string[]> {
  const answers = await systemLookup(name, { all: true });
  return answers.map(({ address }) => address);
}

function failure(error: unknown): NameProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return {
    kind: 'failed',
    message: code === 'ENOTFOUND' ? 'the name does not resolve' : `the name cannot be looked up (${code})`,
    hint: 'Check the name and the DNS of this machine; it is tried again by itself.',
  };
}

function sameState(a: NameState, b: NameState): boolean {
  return (
    a.pending === b.pending &&
    a.problem?.message === b.problem?.message &&
    (a.addresses === b.addresses || a.addresses?.join() === b.addresses?.join())
  );
}
