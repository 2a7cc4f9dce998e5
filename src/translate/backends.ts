// The backends that routes name, with their endpoints. Apart from all structure: when only EndpointSlices move, no
// Ingress is looked at, and every backend whose Service, slices and addresses are the same is the same object.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { EndpointSlice, Service } from '../model/kubernetes.ts';
import type { Backend, BackendId, Endpoint } from '../model/model.ts';
import { memoizeLast } from './memo.ts';
import type { BackendReference } from './ports.ts';
import { readExternal, readService } from './service-endpoints.ts';
import type { IndexedSlices } from './slices.ts';

export interface Backends {
  readonly backends: ReadonlyMap<BackendId, Backend>;
  readonly diagnostics: readonly Diagnostic[];
}

export interface BackendInputs {
  /** By id, sorted. */
  readonly references: ReadonlyMap<BackendId, BackendReference>;
  readonly services: ReadonlyMap<string, Service>;
  readonly slices: IndexedSlices;
  readonly resolved: ReadonlyMap<string, readonly string[]>;
}

interface Entry {
  readonly reference: BackendReference;
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[] | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly backend: Backend;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * To be called with every snapshot: between two calls it looks only at what moved.
 *
 * @param disableExternalName ExternalName Services get no traffic (`--disable-svc-external-name`).
 */
export function createBackends(disableExternalName: boolean): (inputs: BackendInputs) => Backends {
  let entries = new Map<BackendId, Entry>();
  let seen: BackendInputs | undefined;
  let last: Backends = { backends: new Map(), diagnostics: [] };
  const groups = memoizeLast(idsByService);
  return (inputs) => {
    const onlySlices =
      seen?.references === inputs.references &&
      seen.services === inputs.services &&
      seen.resolved === inputs.resolved;
    const changed: Entry[] = [];
    if (onlySlices) {
      const ids = groups(inputs.references);
      for (const service of inputs.slices.moved)
        for (const reference of ids.get(service) ?? []) {
          const known = entries.get(reference.id);
          const entry = update(known, reference, inputs, disableExternalName);
          if (entry !== known) changed.push(entry);
        }
      for (const entry of changed) entries.set(entry.backend.id, entry);
      if (changed.length > 0) last = join(entries, last, changed);
    } else {
      const next = new Map<BackendId, Entry>();
      let same = inputs.references.size === entries.size;
      for (const [id, reference] of inputs.references) {
        const known = entries.get(id);
        const entry = update(known, reference, inputs, disableExternalName);
        same &&= entry === known;
        next.set(id, entry);
      }
      entries = next;
      if (!same) last = join(entries, null, []);
    }
    seen = inputs;
    return last;
  };
}

/** @param before of the same ids; null: there is none, all entries count. */
function join(
  entries: ReadonlyMap<BackendId, Entry>,
  before: Backends | null,
  changed: readonly Entry[],
): Backends {
  const backends = new Map<BackendId, Backend>(before?.backends);
  if (before === null) for (const [id, entry] of entries) backends.set(id, entry.backend);
  for (const entry of changed) backends.set(entry.backend.id, entry.backend);
  const diagnostics: Diagnostic[] = [];
  for (const entry of entries.values())
    if (entry.diagnostics.length > 0) diagnostics.push(...entry.diagnostics);
  return { backends, diagnostics };
}

function idsByService(
  references: ReadonlyMap<BackendId, BackendReference>,
): ReadonlyMap<string, readonly BackendReference[]> {
  const groups = new Map<string, BackendReference[]>();
  for (const reference of references.values()) {
    const group = groups.get(reference.service);
    if (group === undefined) groups.set(reference.service, [reference]);
    else group.push(reference);
  }
  return groups;
}

function update(
  known: Entry | undefined,
  reference: BackendReference,
  inputs: BackendInputs,
  disableExternalName: boolean,
): Entry {
  const service = inputs.services.get(reference.service);
  const slices = inputs.slices.index.get(reference.service);
  const external = service?.type === 'ExternalName' ? service.externalName : undefined;
  const addresses = external === undefined ? undefined : inputs.resolved.get(external);
  if (
    known !== undefined &&
    known.service === service &&
    known.slices === slices &&
    known.addresses === addresses &&
    known.reference.port === reference.port
  )
    return known;
  const reading =
    service === undefined || reference.port === null
      ? { endpoints: [], diagnostics: [] }
      : service.type === 'ExternalName'
        ? readExternal(service, reference.port, addresses, disableExternalName)
        : readService(service, reference.port, slices ?? []);
  const keep = known !== undefined && sameEndpoints(known.backend.endpoints, reading.endpoints);
  return {
    reference,
    service,
    slices,
    addresses,
    backend: keep
      ? known.backend
      : { id: reference.id, algorithm: 'round_robin', endpoints: reading.endpoints },
    diagnostics: reading.diagnostics,
  };
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index];
      return item.address === other?.address && item.port === other.port && item.weight === other.weight;
    })
  );
}
