// What somebody has to do about the watches, as Diagnostics: rights that are missing, an API that is not there, a
// list that is not believed. An outage is none: it passes, and /readyz tells of it.

import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Failure } from './failure.ts';
import type { KindHealth } from './health.ts';
import type { Resource } from './resource.ts';

export function troubleOf(label: string, health: KindHealth, failure: Failure | null): readonly Diagnostic[] {
  const said: Diagnostic[] = [];
  if (failure?.status === 403 || failure?.status === 404) {
    const isForbidden = failure.status === 403;
    said.push({
      code: isForbidden ? 'watch-forbidden' : 'api-missing',
      severity: health.synced ? 'warning' : 'error',
      object: 'Flag/--kubeconfig',
      field: label,
      message: `${failure.message}; ${consequence(label, health)}`,
      hint: isForbidden
        ? `It is tried again by itself. What helps: ${health.remedy}.`
        : 'See that the API server serves this API; it is tried again by itself.',
    });
  }
  if (health.held !== null) {
    said.push({
      code: 'objects-held',
      severity: 'warning',
      object: 'Flag/--kubeconfig',
      field: label,
      message: health.held,
      hint: 'See that this is the right cluster, and that its etcd was not reset; if they are really gone, wait.',
    });
  }
  return said;
}

/** Part of a sentence; null: it passes by itself. */
export function remedyOf({ path }: Resource, { status }: Failure): string | null {
  if (status === 401) return 'renew the credentials that the kubeconfig names';
  if (status === 404) return 'see that the API server serves this API';
  if (status !== 403) return null;
  const [, namespace, plural = path] = /(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const where = namespace === undefined ? 'in the whole cluster' : `in the namespace ${namespace}`;
  const file = namespace === undefined ? 'rbac.yaml' : 'rbac-namespace.yaml';
  return `let the controller list and watch ${plural} ${where}, as deploy/kubernetes/${file} does`;
}

function consequence(label: string, { synced, lists }: KindHealth): string {
  if (lists > 0) return 'what is known of it stays in force';
  return synced
    ? `without ${label} objects, Ingresses are ours by the annotation kubernetes.io/ingress.class only`
    : 'nothing is changed before it has been listed';
}
