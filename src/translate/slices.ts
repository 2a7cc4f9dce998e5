// EndpointSlices by the Service that they name in their label, whatever they are called themselves. The index is
// kept from one snapshot to the next: only Services whose slices moved get a new list.

import { type EndpointSlice, SERVICE_NAME_LABEL } from '../model/kubernetes.ts';
import { mapChanges } from '../model/patched-map.ts';
import { compareText } from './order.ts';

type Slices = ReadonlyMap<string, EndpointSlice>;
/** `namespace/service` → its slices by name; the list keeps its identity while nothing of it moves. */
export type SliceIndex = ReadonlyMap<string, readonly EndpointSlice[]>;

export interface IndexedSlices {
  readonly index: SliceIndex;
  /** Services whose list is another one than at the call before. */
  readonly moved: ReadonlySet<string>;
}

export function createSliceIndex(): (slices: Slices) => IndexedSlices {
  let seen: Slices = new Map();
  const index = new Map<string, readonly EndpointSlice[]>();
  return (slices) => {
    const changes = movedSlices(seen, slices);
    for (const [service, moved] of changes) {
      const kept = (index.get(service) ?? []).filter((slice) => !moved.gone.has(slice));
      const list = [...kept, ...moved.come].toSorted((a, b) => compareText(a.metadata.name, b.metadata.name));
      if (list.length === 0) index.delete(service);
      else index.set(service, list);
    }
    seen = slices;
    return { index, moved: new Set(changes.keys()) };
  };
}

interface Moved {
  readonly gone: Set<EndpointSlice>;
  readonly come: EndpointSlice[];
}

function movedSlices(before: Slices, after: Slices): ReadonlyMap<string, Moved> {
  const moved = new Map<string, Moved>();
  const of = (slice: EndpointSlice): Moved | null => {
    const service = serviceOf(slice);
    if (service === null) return null;
    const entry = moved.get(service) ?? { gone: new Set(), come: [] };
    moved.set(service, entry);
    return entry;
  };
  for (const change of mapChanges(before, after)) {
    if (change.before !== undefined) of(change.before)?.gone.add(change.before);
    if (change.after !== undefined) of(change.after)?.come.push(change.after);
  }
  return moved;
}

function serviceOf(slice: EndpointSlice): string | null {
  const { labels, namespace } = slice.metadata;
  const name = Object.hasOwn(labels, SERVICE_NAME_LABEL) ? labels[SERVICE_NAME_LABEL] : undefined;
  return name === undefined || name === '' ? null : `${namespace}/${name}`;
}
