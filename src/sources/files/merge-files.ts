// Parsed files → one Snapshot. An object of two files is that of the first by path; a malformed one keeps its last
// good form. Whatever did not change keeps its identity: objects, maps, the list of diagnostics, the Snapshot.

import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { compareDiagnostics } from '../../model/diagnostic.ts';
import type { KubernetesObject, ObjectKind } from '../../model/kubernetes.ts';
import { objectName } from '../../model/kubernetes.ts';
import { mapChanges, patchMap } from '../../model/patched-map.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { ParsedFile } from './parse-file.ts';

/** @param more what else the source has to say (folders that are missing). */
export function mergeFiles(
  files: readonly ParsedFile[],
  more: readonly Diagnostic[],
  previous: Snapshot,
): Snapshot {
  const maps = emptyMaps();
  const owners = new Map<string, ParsedFile>();
  const diagnostics: Diagnostic[] = [...more];

  for (const file of files) {
    for (const diagnostic of file.diagnostics) diagnostics.push(diagnostic);
    for (const [reference, object] of file.objects) {
      const owner = owners.get(reference);
      if (owner === undefined) add(reference, object, file);
      else diagnostics.push(duplicate(reference, owner, file));
    }
  }
  // Only now: what is really there goes before what is kept.
  for (const file of files) {
    for (const [reference, object] of file.kept) if (!owners.has(reference)) add(reference, object, file);
    for (const reference of file.refused) {
      if (owners.has(reference)) continue;
      const object = lastForm(reference, previous);
      if (object === undefined) continue;
      add(reference, object, file);
      diagnostics.push(kept(reference));
    }
  }

  const next: Snapshot = {
    ingresses: settle(maps.Ingress, previous.ingresses),
    ingressClasses: settle(maps.IngressClass, previous.ingressClasses),
    services: settle(maps.Service, previous.services),
    endpointSlices: settle(maps.EndpointSlice, previous.endpointSlices),
    secrets: settle(maps.Secret, previous.secrets),
    configMaps: settle(maps.ConfigMap, previous.configMaps),
    resolved: previous.resolved,
    staples: previous.staples,
    kept: previous.kept,
    diagnostics: settleList(diagnostics.sort(compareDiagnostics), previous.diagnostics),
  };
  return sameSnapshot(next, previous) ? previous : next;

  function add(reference: string, object: KubernetesObject, file: ParsedFile): void {
    owners.set(reference, file);
    (maps[object.kind] as Map<string, KubernetesObject>).set(objectName(object.metadata), object);
  }
}

type Maps = { readonly [Kind in ObjectKind]: Map<string, Extract<KubernetesObject, { kind: Kind }>> };

function emptyMaps(): Maps {
  return {
    Ingress: new Map(),
    IngressClass: new Map(),
    Service: new Map(),
    EndpointSlice: new Map(),
    Secret: new Map(),
    ConfigMap: new Map(),
  };
}

/** Gives equal objects their former identity, and the map its own if all of it is as it was. */
function settle<Value extends object>(
  next: ReadonlyMap<string, Value>,
  previous: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const others = mapChanges(previous, next).filter(
    ({ before, after }) => before === undefined || after === undefined || !isDeepStrictEqual(before, after),
  );
  return patchMap(
    previous,
    others.map(({ key, after }) => [key, after] as const),
  );
}

function settleList(next: readonly Diagnostic[], previous: readonly Diagnostic[]): readonly Diagnostic[] {
  return isDeepStrictEqual(next, previous) ? previous : next;
}

function sameSnapshot(a: Snapshot, b: Snapshot): boolean {
  return (Object.keys(a) as (keyof Snapshot)[]).every((key) => a[key] === b[key]);
}

function lastForm(reference: string, maps: Snapshot): KubernetesObject | undefined {
  const slash = reference.indexOf('/');
  const name = reference.slice(slash + 1);
  switch (reference.slice(0, slash) as ObjectKind) {
    case 'Ingress':
      return maps.ingresses.get(name);
    case 'IngressClass':
      return maps.ingressClasses.get(name);
    case 'Service':
      return maps.services.get(name);
    case 'EndpointSlice':
      return maps.endpointSlices.get(name);
    case 'Secret':
      return maps.secrets.get(name);
    case 'ConfigMap':
      return maps.configMaps.get(name);
  }
}

function duplicate(reference: string, first: ParsedFile, second: ParsedFile): Diagnostic {
  return {
    code: 'object-duplicate',
    severity: 'warning',
    object: `File/${second.scanned.name}`,
    field: second.places.get(reference) ?? '',
    message: `${reference} is in ${first.scanned.name} and in ${second.scanned.name}; that of ${first.scanned.name} is used`,
    hint: 'Remove one of the two.',
  };
}

function kept(reference: string): Diagnostic {
  return {
    code: 'object-kept',
    severity: 'warning',
    object: reference,
    field: '',
    message: 'the object is malformed now; its last good form stays in force',
    hint: 'Correct the fields that are named beside this, or remove the object.',
  };
}
