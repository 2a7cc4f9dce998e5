// A map and one more value: what a flag names beside what hosts need.

import { mapChanges, patchMap } from '../model/patched-map.ts';

/** @returns a function that gives the map with the value in it; null: as it is. A value under the same id goes before. */
export function createAddition<V extends { readonly id: string }>(): (
  map: ReadonlyMap<string, V>,
  extra: V | null,
) => ReadonlyMap<string, V> {
  let seen: { readonly map: ReadonlyMap<string, V>; readonly extra: V } | null = null;
  let all: ReadonlyMap<string, V> = new Map();
  return (map, extra) => {
    if (extra === null) {
      seen = null;
      return map;
    }
    // A copy at first: the line of patches is the map's own.
    const changes =
      seen === null ? null : mapChanges(seen.map, map).map(({ key, after }) => [key, after] as const);
    const former =
      seen === null || seen.extra.id === extra.id ? [] : [[seen.extra.id, map.get(seen.extra.id)]];
    all = patchMap(changes === null ? new Map(map) : all, [
      ...(changes ?? []),
      ...(former as [string, V | undefined][]),
      [extra.id, extra],
    ]);
    seen = { map, extra };
    return all;
  };
}
