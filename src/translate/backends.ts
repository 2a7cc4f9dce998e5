// The backends that routes name, with their endpoints. Apart from all structure: when only EndpointSlices move, no
// Ingress is looked at, and every backend whose Service, slices and addresses are the same is the same object.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { EndpointSlice, Service } from '../model/kubernetes.ts';
import type { Backend, BackendId, Endpoint } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import { createIndex } from './dependents.ts';
import { type Said, someOf } from './diagnostics.ts';
import { sameFields } from './memo.ts';
import type { BackendReference } from './ports.ts';
import { readExternal, readService } from './service-endpoints.ts';
import type { IndexedSlices } from './slices.ts';

export interface Backends {
  readonly backends: ReadonlyMap<BackendId, Backend>;
  readonly diagnostics: Said<BackendId>;
}

export interface BackendInputs {
  readonly references: ReadonlyMap<BackendId, BackendReference>;
  readonly services: ReadonlyMap<string, Service>;
  readonly slices: IndexedSlices;
  readonly resolved: ReadonlyMap<string, readonly string[]>;
}

interface Entry {
  readonly reference: BackendReference;
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[] | undefined;
  /** The name that an ExternalName stands for. */
  readonly external: string | undefined;
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
  const entries = new Map<BackendId, Entry>();
  const ofService = createIndex<string, BackendId>();
  const ofName = createIndex<string, BackendId>();
  let seen: Pick<BackendInputs, 'references' | 'services' | 'resolved'> = NOTHING;
  let last: Backends = { backends: new Map(), diagnostics: new Map() };
  return (inputs) => {
    const ids = new Set<BackendId>();
    const add = (dependents: Iterable<BackendId>): void => {
      for (const id of dependents) ids.add(id);
    };
    for (const { key, before, after } of mapChanges(seen.references, inputs.references)) {
      if (before !== undefined) ofService.remove(before.service, key);
      if (after !== undefined) ofService.add(after.service, key);
      ids.add(key);
    }
    for (const { key } of mapChanges(seen.services, inputs.services)) add(ofService.of(key));
    for (const { key } of mapChanges(seen.resolved, inputs.resolved)) add(ofName.of(key));
    for (const service of inputs.slices.moved) add(ofService.of(service));
    seen = inputs;
    last = replace(ids, inputs);
    return last;
  };

  function replace(ids: ReadonlySet<BackendId>, inputs: BackendInputs): Backends {
    const changed: (readonly [BackendId, Entry | undefined])[] = [];
    for (const id of ids) {
      const known = entries.get(id);
      const reference = inputs.references.get(id);
      const entry =
        reference === undefined ? undefined : update(known, reference, inputs, disableExternalName);
      if (entry === known) continue;
      if (known?.external !== undefined) ofName.remove(known.external, id);
      if (entry?.external !== undefined) ofName.add(entry.external, id);
      if (entry === undefined) entries.delete(id);
      else entries.set(id, entry);
      changed.push([id, entry]);
    }
    const backends = patchMap(
      last.backends,
      changed.map(([id, entry]) => [id, entry?.backend]),
    );
    const diagnostics = patchMap(
      last.diagnostics,
      changed.map(([id, entry]) => [id, someOf(entry?.diagnostics)]),
    );
    const next = { backends, diagnostics };
    return sameFields(last, next) ? last : next;
  }
}

const NOTHING: Pick<BackendInputs, 'references' | 'services' | 'resolved'> = {
  references: new Map(),
  services: new Map(),
  resolved: new Map(),
};

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
    external,
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
