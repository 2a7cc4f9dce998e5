// Who depends on what: for each key those that have to be looked at again when it moves.

export interface Index<K, D> {
  add(key: K, dependent: D): void;
  remove(key: K, dependent: D): void;
  of(key: K): Iterable<D>;
}

export function createIndex<K, D>(): Index<K, D> {
  // Most keys have one dependent, and a Set for each would take more room than all else.
  const dependents = new Map<K, D | Set<D>>();
  return {
    add(key, dependent) {
      const known = dependents.get(key);
      if (known instanceof Set) known.add(dependent);
      else if (known === undefined) dependents.set(key, dependent);
      else if (known !== dependent) dependents.set(key, new Set([known, dependent]));
    },
    remove(key, dependent) {
      const known = dependents.get(key);
      if (known === dependent) dependents.delete(key);
      if (!(known instanceof Set)) return;
      known.delete(dependent);
      if (known.size === 0) dependents.delete(key);
    },
    of(key) {
      const known = dependents.get(key);
      if (known === undefined) return [];
      return known instanceof Set ? known : [known];
    },
  };
}
