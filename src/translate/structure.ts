// Hosts, their servers, and what these need. Each host is remembered with the claims and objects that it was built
// from, and built again only when one of them is another object.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Secret, Service } from '../model/kubernetes.ts';
import type { BackendId, Certificate, CertificateId, Server } from '../model/model.ts';
import type { Claims } from './claims.ts';
import { sameItems } from './memo.ts';
import type { BackendReference } from './ports.ts';
import type { Claim } from './reading.ts';
import { buildHost, type HostResult, type Look } from './servers.ts';

export interface Structure {
  /** By host, sorted. */
  readonly servers: ReadonlyMap<string, Server>;
  readonly references: ReadonlyMap<BackendId, BackendReference>;
  readonly certificates: ReadonlyMap<CertificateId, Certificate>;
  readonly diagnostics: readonly Diagnostic[];
}

interface Objects {
  readonly services: ReadonlyMap<string, Service>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

interface Entry {
  readonly claims: readonly Claim[];
  readonly services: ReadonlyMap<string, Service | undefined>;
  readonly secrets: ReadonlyMap<string, Secret | undefined>;
  readonly result: HostResult;
}

export function createStructure(): (
  claims: Claims,
  services: ReadonlyMap<string, Service>,
  secrets: ReadonlyMap<string, Secret>,
) => Structure {
  let entries = new Map<string, Entry>();
  let from: Claims | undefined;
  let last: Structure = {
    servers: new Map(),
    references: new Map(),
    certificates: new Map(),
    diagnostics: [],
  };
  return (claims, services, secrets) => {
    const objects = { services, secrets };
    const next = new Map<string, Entry>();
    // The hosts of unchanged claims are in order already.
    const hosts = claims === from ? entries.keys() : [...claims.hosts.keys()].sort();
    let same = claims.hosts.size === entries.size;
    for (const host of hosts) {
      const wanted = claims.hosts.get(host) ?? [];
      const known = entries.get(host);
      const entry =
        known !== undefined && stillHolds(known, wanted, objects) ? known : build(host, wanted, objects);
      same &&= entry === known;
      next.set(host, entry);
    }
    entries = next;
    from = claims;
    if (!same) last = join(next);
    return last;
  };
}

function stillHolds(entry: Entry, claims: readonly Claim[], objects: Objects): boolean {
  if (!sameItems(entry.claims, claims)) return false;
  for (const [key, service] of entry.services) if (objects.services.get(key) !== service) return false;
  for (const [key, secret] of entry.secrets) if (objects.secrets.get(key) !== secret) return false;
  return true;
}

function build(host: string, claims: readonly Claim[], objects: Objects): Entry {
  const services = new Map<string, Service | undefined>();
  const secrets = new Map<string, Secret | undefined>();
  const look: Look = {
    service: (key) => noted(services, key, objects.services.get(key)),
    secret: (key) => noted(secrets, key, objects.secrets.get(key)),
  };
  return { claims, services, secrets, result: buildHost(host, claims, look) };
}

function noted<T>(notes: Map<string, T>, key: string, value: T): T {
  notes.set(key, value);
  return value;
}

function join(entries: ReadonlyMap<string, Entry>): Structure {
  const servers = new Map<string, Server>();
  const references = new Map<BackendId, BackendReference>();
  const certificates = new Map<CertificateId, Certificate>();
  const diagnostics: Diagnostic[] = [];
  for (const [host, { result }] of entries) {
    if (result.server !== null) servers.set(host, result.server);
    for (const reference of result.references) references.set(reference.id, reference);
    if (result.certificate !== null) certificates.set(result.certificate.id, result.certificate);
    if (result.diagnostics.length > 0) diagnostics.push(...result.diagnostics);
  }
  return { servers, references, certificates, diagnostics };
}
