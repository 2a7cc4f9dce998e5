// What many need, each once, for as long as somebody needs it.

import { patchMap } from '../model/patched-map.ts';

export interface Tally<V extends { readonly id: string }> {
  /** One more needs it. Of one id the newest value counts. */
  add(value: V): void;
  /** One less does. */
  drop(value: V): void;
  /** The same map as long as nothing in it changes. */
  all(): ReadonlyMap<string, V>;
}

/** @param equal of values of one id: then the one that is there stays. */
export function createTally<V extends { readonly id: string }>(
  equal: (a: V, b: V) => boolean = (a, b) => a === b,
): Tally<V> {
  const needed = new Map<string, number>();
  const changed = new Map<string, V | undefined>();
  let all: ReadonlyMap<string, V> = new Map();
  return {
    add(value) {
      const { id } = value;
      needed.set(id, (needed.get(id) ?? 0) + 1);
      const known = changed.has(id) ? changed.get(id) : all.get(id);
      if (known === undefined || !equal(known, value)) changed.set(id, value);
    },
    drop({ id }) {
      const left = (needed.get(id) ?? 0) - 1;
      if (left > 0) {
        needed.set(id, left);
        return;
      }
      needed.delete(id);
      changed.set(id, undefined);
    },
    all() {
      all = patchMap(all, changed);
      changed.clear();
      return all;
    },
  };
}
