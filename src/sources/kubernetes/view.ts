// The map of one kind that a Snapshot shows: what its feeds have, as far as it lies in a namespace that is served.
// The same map as long as nothing in it changes, whatever changes elsewhere.

import type { KubernetesObject, ObjectName } from '../../model/kubernetes.ts';
import { mapChanges, patchMap } from '../../model/patched-map.ts';
import type { Store } from './store.ts';

/** null: every object is served. Called anew for each Snapshot; another function means other namespaces. */
export type IsServed = ((object: KubernetesObject) => boolean) | null;

export function createView<T extends KubernetesObject>(
  stores: readonly Pick<Store<T>, 'objects'>[],
): (isServed: IsServed) => ReadonlyMap<ObjectName, T> {
  let seen: { readonly maps: readonly Objects<T>[]; readonly isServed: IsServed } | null = null;
  let shown: Objects<T> = new Map();
  return (isServed) => {
    const maps = stores.map((store) => store.objects());
    const [only] = maps;
    if (maps.length === 1 && only !== undefined && isServed === null) {
      if (mapChanges(shown, only).length > 0) shown = only;
      return shown;
    }
    const before = seen?.isServed === isServed ? seen.maps : null;
    const names = new Set(before === null ? shown.keys() : []);
    for (const [index, map] of maps.entries()) {
      for (const { key } of mapChanges(before?.[index] ?? NONE, map)) names.add(key);
    }
    seen = { maps, isServed };
    shown = patchMap(
      shown,
      [...names].map((name) => [name, newest(name, maps, isServed)] as const),
    );
    return shown;
  };
}

type Objects<T> = ReadonlyMap<ObjectName, T>;

const NONE: ReadonlyMap<ObjectName, never> = new Map<ObjectName, never>();

/** What the last feed that has it says. */
function newest<T extends KubernetesObject>(
  name: ObjectName,
  maps: readonly Objects<T>[],
  isServed: IsServed,
): T | undefined {
  const found = maps.map((map) => map.get(name));
  return found.findLast((object) => object !== undefined && (isServed === null || isServed(object)));
}
