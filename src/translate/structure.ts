// Hosts, their servers, and what these need. Each host is remembered with the keys of all objects that were looked up
// for it, there or not, and built again only when one of them is another object.

import type { ConfigMap, Secret, Service } from '../model/kubernetes.ts';
import type { BackendId, Certificate, CertificateId, Server } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import type { KeptCertificate } from '../model/snapshot.ts';
import type { Authority, AuthorityId, Identity, IdentityId } from '../model/upstream.ts';
import type { Claims } from './claims.ts';
import { createIndex } from './dependents.ts';
import { type Said, someOf } from './diagnostics.ts';
import { sameFields } from './memo.ts';
import type { BackendReference } from './ports.ts';
import { buildHost, type HostResult, type Look } from './servers.ts';
import { createTally } from './tally.ts';

export interface Structure {
  readonly servers: ReadonlyMap<string, Server>;
  readonly references: ReadonlyMap<BackendId, BackendReference>;
  readonly certificates: ReadonlyMap<CertificateId, Certificate>;
  readonly identities: ReadonlyMap<IdentityId, Identity>;
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  /** By host. */
  readonly diagnostics: Said<string>;
}

/** What hosts are built from beside their claims. */
interface Objects {
  readonly services: ReadonlyMap<string, Service>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly kept: ReadonlyMap<CertificateId, KeptCertificate>;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
}

interface Entry {
  /** Kind and key of all that was looked up. */
  readonly looked: ReadonlySet<string>;
  readonly result: HostResult;
}

export function createStructure(): (
  claims: Claims,
  services: Objects['services'],
  secrets: Objects['secrets'],
  kept: Objects['kept'],
  configMaps: Objects['configMaps'],
) => Structure {
  const entries = new Map<string, Entry>();
  const dependents = createIndex<string, string>();
  const references = createTally<BackendReference>();
  const certificates = createTally<Certificate>();
  const identities = createTally<Identity>();
  const authorities = createTally<Authority>();
  let from: Pick<Claims, 'hosts'> = { hosts: new Map() };
  let seen: Objects = { services: new Map(), secrets: new Map(), kept: new Map(), configMaps: new Map() };
  let last: Structure = {
    servers: new Map(),
    references: new Map(),
    certificates: new Map(),
    identities: new Map(),
    authorities: new Map(),
    diagnostics: new Map(),
  };
  return (claims, services, secrets, kept, configMaps) => {
    const objects = { services, secrets, kept, configMaps };
    const hosts = new Set<string>();
    for (const { key } of mapChanges(from.hosts, claims.hosts)) hosts.add(key);
    for (const kind of ['services', 'secrets', 'kept', 'configMaps'] as const) {
      for (const { key } of mapChanges<string, unknown>(seen[kind], objects[kind]))
        for (const host of dependents.of(`${kind} ${key}`)) hosts.add(host);
    }
    [from, seen] = [claims, objects];
    const results = [...hosts].map((host) => [host, replace(host, claims, objects)?.result] as const);
    const next: Structure = {
      servers: patchMap(
        last.servers,
        results.map(([host, result]) => [host, result?.server ?? undefined]),
      ),
      references: references.all(),
      certificates: certificates.all(),
      identities: identities.all(),
      authorities: authorities.all(),
      diagnostics: patchMap(
        last.diagnostics,
        results.map(([host, result]) => [host, someOf(result?.diagnostics)]),
      ),
    };
    last = sameFields(last, next) ? last : next;
    return last;
  };

  function replace(host: string, claims: Claims, objects: Objects): Entry | undefined {
    const known = entries.get(host);
    const wanted = claims.hosts.get(host);
    const entry = wanted === undefined ? undefined : build(host, wanted, objects);
    for (const reference of entry?.result.references ?? []) references.add(reference);
    for (const certificate of entry?.result.certificates ?? []) certificates.add(certificate);
    for (const { identity, authority } of entry?.result.upstreams ?? []) {
      if (identity !== null) identities.add(identity);
      if (authority !== null) authorities.add(authority);
    }
    for (const { identity, authority } of known?.result.upstreams ?? []) {
      if (identity !== null) identities.drop(identity);
      if (authority !== null) authorities.drop(authority);
    }
    for (const reference of known?.result.references ?? []) references.drop(reference);
    for (const certificate of known?.result.certificates ?? []) certificates.drop(certificate);
    for (const object of known?.looked ?? []) dependents.remove(object, host);
    for (const object of entry?.looked ?? []) dependents.add(object, host);
    if (entry === undefined) entries.delete(host);
    else entries.set(host, entry);
    return entry;
  }
}

function build(host: string, claims: Parameters<typeof buildHost>[1], objects: Objects): Entry {
  const looked = new Set<string>();
  const lookAt =
    <V>(kind: keyof Objects, map: ReadonlyMap<string, V>) =>
    (key: string): V | undefined => {
      looked.add(`${kind} ${key}`);
      return map.get(key);
    };
  const look: Look = {
    service: lookAt('services', objects.services),
    secret: lookAt('secrets', objects.secrets),
    kept: lookAt('kept', objects.kept),
    configMap: lookAt('configMaps', objects.configMaps),
  };
  return { looked, result: buildHost(host, claims, look) };
}
