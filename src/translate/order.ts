// The order in which Ingresses have their say: oldest first, as ingress-nginx. Of equally old ones the *greater*
// name comes first, also as ingress-nginx; an object that never saw an API server is the oldest of all.

import { type Ingress, objectName } from '../model/kubernetes.ts';

export function compareIngresses(a: Ingress, b: Ingress): number {
  return (
    compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compareText(objectName(b.metadata), objectName(a.metadata))
  );
}

/** By UTF-16 units: the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
