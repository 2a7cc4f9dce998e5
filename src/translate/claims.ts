// Who wants which host: the claims of all Ingresses that are ours, oldest first.

import type { Ingress, ObjectName } from '../model/kubernetes.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import type { ConfigMapReading } from '../options/configmap/parse.ts';
import { type Classes, selectsIngress, unknownClass } from './class.ts';
import { type Said, someOf } from './diagnostics.ts';
import { sameFields } from './memo.ts';
import type { TranslateOptions } from './options.ts';
import { compareIngresses } from './order.ts';
import { type Claim, type Reading, readIngress } from './reading.ts';
import { referenceTo } from './report.ts';

export interface Claims {
  /** Host → who wants it, oldest first. */
  readonly hosts: ReadonlyMap<string, readonly Claim[]>;
  /** By Ingress. */
  readonly diagnostics: Said<ObjectName>;
}

type Ingresses = ReadonlyMap<ObjectName, Ingress>;

/** Remembers what each Ingress wants; another ConfigMap or other classes have all of them read anew. */
export function createClaims(
  options: TranslateOptions,
): (ingresses: Ingresses, classes: Classes, config: ConfigMapReading) => Claims {
  let ofIngress = new WeakMap<Ingress, Reading>();
  const readings = new Map<ObjectName, Reading>();
  let seen: Seen | null = null;
  let last: Claims = { hosts: new Map(), diagnostics: new Map() };

  return (ingresses, classes, config) => {
    if (seen?.config !== config) ofIngress = new WeakMap();
    const same = seen !== null && seen.config === config && seen.classes === classes;
    const changes = mapChanges(seen?.ingresses ?? NO_INGRESSES, ingresses);
    const moved = same
      ? changes
      : [...changes.filter(({ after }) => after === undefined), ...allOf(ingresses)];
    seen = { ingresses, classes, config };
    const hosts = new Map<string, Change>();
    const changeOf = (host: string): Change => {
      const change = hosts.get(host) ?? { gone: new Set(), come: [] };
      hosts.set(host, change);
      return change;
    };
    const said: [ObjectName, Reading['diagnostics'] | undefined][] = [];
    for (const { key, after } of moved) {
      const before = readings.get(key) ?? NOTHING;
      const now = after === undefined ? NOTHING : read(after, seen);
      if (now === before) continue;
      for (const claim of before.claims) changeOf(claim.host).gone.add(claim);
      for (const claim of now.claims) changeOf(claim.host).come.push(claim);
      said.push([key, someOf(now.diagnostics)]);
      if (now === NOTHING) readings.delete(key);
      else readings.set(key, now);
    }
    const lists = [...hosts].map(([host, change]) => [host, apply(last.hosts.get(host), change)] as const);
    const next = { hosts: patchMap(last.hosts, lists), diagnostics: patchMap(last.diagnostics, said) };
    last = sameFields(last, next) ? last : next;
    return last;
  };

  function read(ingress: Ingress, { classes, config }: Seen): Reading {
    if (selectsIngress(ingress, classes, options)) {
      const reading = ofIngress.get(ingress) ?? readIngress(ingress, config, options);
      ofIngress.set(ingress, reading);
      return reading;
    }
    const problem = unknownClass(ingress, classes, options);
    if (problem === null) return NOTHING;
    return { claims: [], diagnostics: [{ ...problem, object: referenceTo(ingress) }] };
  }
}

interface Seen {
  readonly ingresses: Ingresses;
  readonly classes: Classes;
  readonly config: ConfigMapReading;
}

const NO_INGRESSES: Ingresses = new Map();
const NOTHING: Reading = { claims: [], diagnostics: [] };

function allOf(ingresses: Ingresses): { readonly key: ObjectName; readonly after: Ingress }[] {
  return [...ingresses].map(([key, after]) => ({ key, after }));
}

interface Change {
  readonly gone: Set<Claim>;
  readonly come: Claim[];
}

/** undefined: nobody wants the host any more. */
function apply(claims: readonly Claim[] = [], { gone, come }: Change): readonly Claim[] | undefined {
  const all = [...claims.filter((claim) => !gone.has(claim)), ...come];
  all.sort((a, b) => compareIngresses(a.source.ingress, b.source.ingress));
  return all.length === 0 ? undefined : all;
}
