// A `List` (what `kubectl get -o yaml` writes) as the objects in it; lists in lists too, as deep as anybody writes.

import { isMapping } from './read-identity.ts';

/** @returns the object itself when it is no list. Items of a `ServiceList` inherit kind and version. */
export function expandList(raw: unknown, depth = 0): readonly unknown[] {
  if (!isMapping(raw) || typeof raw.kind !== 'string' || !LIST.test(raw.kind)) return [raw];
  if (!Array.isArray(raw.items) || depth === DEEPEST) return [];
  const items: readonly unknown[] = raw.items;
  const own =
    raw.kind === 'List' ? {} : { kind: raw.kind.slice(0, -'List'.length), apiVersion: raw.apiVersion };
  return items.flatMap((item) => expandList(isMapping(item) ? { ...own, ...item } : item, depth + 1));
}

const LIST = /^(?:Ingress|IngressClass|Service|EndpointSlice|Secret|ConfigMap)?List$/;
const DEEPEST = 4;
