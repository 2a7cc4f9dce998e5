// The map of one kind that a Snapshot shows: what its feeds have, as far as it lies in a namespace that is served.
// The same map as long as nothing in it changes, whatever changes elsewhere.

import type { KubernetesObject, ObjectName } from '../../model/kubernetes.ts';
import type { Store } from './store.ts';

/** null: every object is served. Called anew for each Snapshot; another function means other namespaces. */
export type IsServed = ((object: KubernetesObject) => boolean) | null;

export function createView<T extends KubernetesObject>(
  stores: readonly Pick<Store<T>, 'objects'>[],
): (isServed: IsServed) => ReadonlyMap<ObjectName, T> {
  let inputs: readonly unknown[] = [];
  let shown: ReadonlyMap<ObjectName, T> = new Map();
  return (isServed) => {
    const maps = stores.map((store) => store.objects());
    const next = [...maps, isServed];
    if (next.length === inputs.length && next.every((input, index) => input === inputs[index])) return shown;
    inputs = next;
    const [only] = maps;
    const map = maps.length === 1 && isServed === null && only !== undefined ? only : merge(maps, isServed);
    if (!isSame(map, shown)) shown = map;
    return shown;
  };
}

function merge<T extends KubernetesObject>(
  maps: readonly ReadonlyMap<ObjectName, T>[],
  isServed: IsServed,
): ReadonlyMap<ObjectName, T> {
  const all = new Map<ObjectName, T>();
  for (const map of maps) {
    for (const [name, object] of map) if (isServed === null || isServed(object)) all.set(name, object);
  }
  return all;
}

function isSame<T>(a: ReadonlyMap<ObjectName, T>, b: ReadonlyMap<ObjectName, T>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, object] of a) if (b.get(name) !== object) return false;
  return true;
}
