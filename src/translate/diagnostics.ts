// All that a translation has to say, sorted, each once: several hosts may find the same fault. Kept from one snapshot
// to the next, so that a fault that comes or goes costs little beside thousands that stay.

import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import { mapChanges } from '../model/patched-map.ts';
import { compareText } from './order.ts';

/** What is wrong with each of many; who has nothing is not in it. */
export type Said<K> = ReadonlyMap<K, readonly Diagnostic[]>;

export function someOf(diagnostics: readonly Diagnostic[] | undefined): readonly Diagnostic[] | undefined {
  return diagnostics?.length === 0 ? undefined : diagnostics;
}

/** @returns the same list as long as nothing else is to be said. */
export function createGathering(): (
  lists: readonly (readonly Diagnostic[])[],
  maps: readonly Said<string>[],
) => readonly Diagnostic[] {
  let seen: { readonly lists: readonly (readonly Diagnostic[])[]; readonly maps: readonly Said<string>[] } = {
    lists: [],
    maps: [],
  };
  const counts = new Map<string, { readonly shown: Diagnostic; readonly times: number }>();
  let last: readonly Diagnostic[] = [];

  return (lists, maps) => {
    const come: Diagnostic[] = [];
    const gone: Diagnostic[] = [];
    const replace = (before: readonly Diagnostic[] = [], after: readonly Diagnostic[] = []): void => {
      if (before === after) return;
      for (const diagnostic of before) gone.push(diagnostic);
      for (const diagnostic of after) come.push(diagnostic);
    };
    for (const [index, list] of lists.entries()) replace(seen.lists[index], list);
    for (const [index, map] of maps.entries()) {
      for (const { before, after } of mapChanges(seen.maps[index] ?? NONE, map)) replace(before, after);
    }
    seen = { lists, maps };
    last = renew(come, gone);
    return last;
  };

  function renew(come: readonly Diagnostic[], gone: readonly Diagnostic[]): readonly Diagnostic[] {
    const moved = new Map<string, Diagnostic | undefined>();
    const count = (diagnostic: Diagnostic, by: 1 | -1): void => {
      const key = keyOf(diagnostic);
      const before = counts.get(key);
      if (!moved.has(key)) moved.set(key, before?.shown);
      const times = (before?.times ?? 0) + by;
      if (times === 0) counts.delete(key);
      else counts.set(key, { shown: before?.shown ?? diagnostic, times });
    };
    for (const diagnostic of come) count(diagnostic, 1);
    for (const diagnostic of gone) count(diagnostic, -1);
    const added: Diagnostic[] = [];
    const removed = new Set<Diagnostic>();
    for (const [key, was] of moved) {
      const is = counts.get(key)?.shown;
      if (was === undefined && is !== undefined) added.push(is);
      if (was !== undefined && is === undefined) removed.add(was);
    }
    if (added.length === 0 && removed.size === 0) return last;
    const kept = removed.size === 0 ? last : last.filter((diagnostic) => !removed.has(diagnostic));
    return merge(kept, added.sort(compare));
  }
}

const NONE: Said<string> = new Map();

function keyOf({ object, field, code, message, severity, hint }: Diagnostic): string {
  return JSON.stringify([object, field, code, message, severity, hint]);
}

function compare(a: Diagnostic, b: Diagnostic): number {
  return compareDiagnostics(a, b) || compareText(keyOf(a), keyOf(b));
}

/** Two sorted lists as one. */
function merge(a: readonly Diagnostic[], b: readonly Diagnostic[]): readonly Diagnostic[] {
  if (b.length === 0) return a;
  const all: Diagnostic[] = [];
  const rest = [...b].reverse();
  for (const diagnostic of a) {
    for (let next = rest.at(-1); next !== undefined && compare(next, diagnostic) < 0; next = rest.at(-1)) {
      all.push(next);
      rest.pop();
    }
    all.push(diagnostic);
  }
  for (const diagnostic of rest.reverse()) all.push(diagnostic);
  return all;
}
