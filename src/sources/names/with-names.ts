// Snapshots of objects in, Snapshots with resolved names out. It stands between a source and its consumer:
//
//   watchFiles({ …, onSnapshot: withNames({ signal, onSnapshot }) })
//
// A Snapshot that brings new names waits for their first lookup, the very first one longer than those after it (a
// Service whose name is changed then never stands without addresses), and then goes on with what there is.

import type { Diagnostic } from '../../model/diagnostic.ts';
import { compareDiagnostics } from '../../model/diagnostic.ts';
import type { ObjectName, Service } from '../../model/kubernetes.ts';
import { objectReference } from '../../model/kubernetes.ts';
import { mapChanges } from '../../model/patched-map.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { NameState, WatchNamesOptions } from './watch-names.ts';
import { watchNames } from './watch-names.ts';

export interface WithNamesOptions extends Omit<WatchNamesOptions, 'onChange'> {
  readonly onSnapshot: (snapshot: Snapshot, at: number) => void;
  /** Milliseconds that the first Snapshot and each later one wait for new names. */
  readonly firstPatience?: number;
  readonly patience?: number;
}

/** `at`, of Snapshots in and out: when what is new in it was noticed, as `performance.now()` tells it. */
export function withNames(options: WithNamesOptions): (snapshot: Snapshot, at?: number) => void {
  const { signal, onSnapshot, firstPatience = 2000, patience = 200 } = options;
  const watcher = watchNames({ ...options, onChange: deliver });
  /** The Services of an external name. */
  const externals = new Map<ObjectName, Service>();
  let newest: Snapshot | null = null;
  let delivered: Snapshot | null = null;
  let basis: Snapshot | null = null;
  let patienceTimer: NodeJS.Timeout | undefined;
  let waited = false;
  /** Of the first that was not delivered yet. */
  let noticedAt: number | null = null;
  signal.addEventListener('abort', () => clearTimeout(patienceTimer), { once: true });

  return (snapshot, at = performance.now()) => {
    if (signal.aborted) return;
    noticedAt ??= at;
    if (notesExternals(externals, newest?.services ?? NONE, snapshot.services)) {
      watcher.update(new Set([...externals.values()].map(({ externalName = '' }) => externalName)));
    }
    newest = snapshot;
    deliver();
  };

  function deliver(): void {
    if (newest === null || signal.aborted) return;
    const states = watcher.states();
    if (newest !== basis && !waited && [...states.values()].some(({ pending }) => pending)) {
      // From the first Snapshot that has to wait: later ones do not prolong it.
      patienceTimer ??= setTimeout(
        () => {
          waited = true;
          deliver();
        },
        delivered === null ? firstPatience : patience,
      );
      return;
    }
    clearTimeout(patienceTimer);
    patienceTimer = undefined;
    waited = false;
    const next = compose(newest, remarksOn(externals, states), states, delivered, basis);
    basis = newest;
    const at = noticedAt ?? performance.now();
    noticedAt = null;
    if (next === delivered) return;
    delivered = next;
    onSnapshot(next, at);
  }
}

type Services = ReadonlyMap<ObjectName, Service>;

const NONE: Services = new Map();

/** @returns whether any came, went or changed. */
function notesExternals(externals: Map<ObjectName, Service>, before: Services, after: Services): boolean {
  let moved = false;
  for (const { key, after: service } of mapChanges(before, after)) {
    const isExternal = service?.type === 'ExternalName' && service.externalName !== undefined;
    moved ||= isExternal || externals.has(key);
    if (isExternal) externals.set(key, service);
    else externals.delete(key);
  }
  return moved;
}

const NO_ADDRESSES: readonly string[] = [];

function compose(
  snapshot: Snapshot,
  remarks: readonly Diagnostic[],
  states: ReadonlyMap<string, NameState>,
  previous: Snapshot | null,
  basis: Snapshot | null,
): Snapshot {
  const resolved = new Map<string, readonly string[]>();
  for (const [name, { addresses, problem }] of states) {
    const known = addresses ?? (problem === null ? null : NO_ADDRESSES);
    if (known === null) continue;
    const former = previous?.resolved.get(name);
    resolved.set(name, former?.join() === known.join() ? former : known);
  }
  const sameNames =
    previous !== null &&
    previous.resolved.size === resolved.size &&
    [...resolved].every(([name, addresses]) => previous.resolved.get(name) === addresses);

  const all =
    remarks.length === 0
      ? snapshot.diagnostics
      : [...snapshot.diagnostics, ...remarks].sort(compareDiagnostics);
  const sameRemarks =
    previous !== null &&
    (all === previous.diagnostics || JSON.stringify(all) === JSON.stringify(previous.diagnostics));

  if (snapshot === basis && sameNames && sameRemarks) return previous;
  return {
    ...snapshot,
    resolved: sameNames ? previous.resolved : resolved,
    diagnostics: sameRemarks ? previous.diagnostics : all,
  };
}

function remarksOn(services: Services, states: ReadonlyMap<string, NameState>): readonly Diagnostic[] {
  return [...services.values()].flatMap((service): readonly Diagnostic[] => {
    const state = states.get(service.externalName ?? '');
    if (state?.problem === null || state === undefined) return [];
    const { problem, addresses } = state;
    const outcome =
      addresses === null ? 'requests are answered with 503' : 'the addresses of before stay in use';
    return [
      {
        code: problem.kind === 'failed' ? 'external-name-unresolved' : 'external-name-refused',
        severity: problem.kind === 'failed' && addresses !== null ? 'warning' : 'error',
        object: objectReference(service),
        field: 'spec.externalName',
        message: `${problem.message}; ${outcome}`,
        hint: problem.hint,
      },
    ];
  });
}
