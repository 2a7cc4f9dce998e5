// The backends that routes name, with their endpoints. Apart from all structure: when only EndpointSlices move, no
// Ingress is looked at, and every backend whose Service, slices and addresses are the same is the same object.

import type { Balancing } from '../model/balancing.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { EndpointSlice, Service } from '../model/kubernetes.ts';
import type { Backend, BackendId, Endpoint, LeftEndpoint } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import { sameBalancing } from './balancing.ts';
import { createIndex } from './dependents.ts';
import { type Said, someOf } from './diagnostics.ts';
import type { EndpointsReading } from './endpoints.ts';
import { sameFields } from './memo.ts';
import type { BackendReference } from './ports.ts';
import { NOTHING, noClusterIp, readClusterIp, readExternal, readService } from './service-endpoints.ts';
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

/** What flags say. */
export interface EndpointRules {
  /** ExternalName Services get no traffic (`--disable-svc-external-name`). */
  readonly disableExternalName: boolean;
  /** That we are in, for the hints of slices; null: these do not count. */
  readonly zone: string | null;
}

/**
 * To be called with every snapshot: between two calls it looks only at what moved.
 *
 */
export function createBackends(rules: EndpointRules): (inputs: BackendInputs) => Backends {
  const entries = new Map<BackendId, Entry>();
  const ofService = createIndex<string, BackendId>();
  const ofName = createIndex<string, BackendId>();
  let seen: Pick<BackendInputs, 'references' | 'services' | 'resolved'> = UNSEEN;
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
      const entry = reference === undefined ? undefined : update(known, reference, inputs, rules);
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

const UNSEEN: Pick<BackendInputs, 'references' | 'services' | 'resolved'> = {
  references: new Map(),
  services: new Map(),
  resolved: new Map(),
};

function update(
  known: Entry | undefined,
  reference: BackendReference,
  inputs: BackendInputs,
  rules: EndpointRules,
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
    sameReference(known.reference, reference)
  )
    return known;
  const reading = readEntry(reference, service, slices ?? [], addresses, rules);
  const { balancing } = reference;
  const keep = known !== undefined && sameBackend(known.backend, balancing, reading);
  const { endpoints, left } = reading;
  return {
    reference,
    service,
    slices,
    external,
    addresses,
    backend: keep ? known.backend : { id: reference.id, balancing, endpoints, left },
    diagnostics: reading.diagnostics,
  };
}

function sameReference(a: BackendReference, b: BackendReference): boolean {
  return (
    a.port === b.port && a.serviceUpstream === b.serviceUpstream && sameBalancing(a.balancing, b.balancing)
  );
}

function readEntry(
  { port, serviceUpstream }: BackendReference,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
  addresses: readonly string[] | undefined,
  { disableExternalName, zone }: EndpointRules,
): EndpointsReading {
  if (service === undefined || port === null) return NOTHING;
  const own = serviceUpstream ? readClusterIp(service, port) : null;
  if (own !== null) return own;
  const reading =
    service.type === 'ExternalName'
      ? readExternal(service, port, addresses, disableExternalName)
      : readService(service, port, slices, zone);
  return serviceUpstream
    ? { ...reading, diagnostics: [...reading.diagnostics, noClusterIp(service)] }
    : reading;
}

function sameBackend(known: Backend, balancing: Balancing, reading: EndpointsReading): boolean {
  return (
    sameBalancing(known.balancing, balancing) &&
    sameItems(known.endpoints, reading.endpoints, sameEndpoint) &&
    sameItems(known.left, reading.left, (a, b) => a.why === b.why && samePlace(a, b))
  );
}

function sameItems<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((item, index) => {
      const other = b[index];
      return other !== undefined && same(item, other);
    })
  );
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return samePlace(a, b) && a.weight === b.weight && a.draining === b.draining;
}

function samePlace(a: Endpoint | LeftEndpoint, b: Endpoint | LeftEndpoint): boolean {
  return a.address === b.address && a.port === b.port;
}
