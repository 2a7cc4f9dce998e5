// Foreign JSON → the slim objects of the model. What the API server would refuse for its shape is refused here, with
// the path of each wrong field; what strings say is judged later, in translate.

import type { z } from 'zod';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { quoteText } from '../../model/diagnostic.ts';
import type { KubernetesObject, ObjectKind } from '../../model/kubernetes.ts';
import { configMap } from './config-map.ts';
import { describeIssue } from './describe-issue.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { ingress } from './ingress.ts';
import { ingressClass } from './ingress-class.ts';
import { isMapping, readIdentity } from './read-identity.ts';
import { secret } from './secret.ts';
import { service } from './service.ts';

export type Projection =
  | { readonly object: KubernetesObject; readonly reference: string }
  /** `reference` is `Ingress/default/shop`, or null where the object cannot be named. */
  | { readonly diagnostics: readonly Diagnostic[]; readonly reference: string | null }
  | { readonly ignored: true };

/**
 * @param raw one object as JSON; lists are taken apart by `expandList` before.
 * @param place stands in diagnostics for an object that cannot be named: `File/manifests/shop.yaml`.
 */
export function projectObject(raw: unknown, place = 'File/-'): Projection {
  if (!isMapping(raw) || typeof raw.kind !== 'string' || typeof raw.apiVersion !== 'string') {
    return refuse(place, 'not-an-object', '', 'is no Kubernetes object: apiVersion and kind must be text', {
      hint: 'Give the document apiVersion and kind, or move the file out of the folder.',
    });
  }
  const { kind, apiVersion } = raw;
  if (!isKind(kind)) return { ignored: true };
  const reader = READERS[kind];
  if (apiVersion !== reader.apiVersion && !KUBERNETES_GROUPS.has(groupOf(apiVersion)))
    return { ignored: true };

  const identity = readIdentity(kind, raw);
  if (!('reference' in identity)) {
    return refuse(
      place,
      'name-invalid',
      identity.field,
      `${kind}: ${identity.field} ${identity.message}`,
      identity,
    );
  }
  const { reference } = identity;
  if (apiVersion !== reader.apiVersion) {
    const message = `${quoteText(apiVersion)} is not a version of ${kind} that is read; the object is not used`;
    const { diagnostics } = refuse(reference, 'api-version-unsupported', 'apiVersion', message, {
      hint: `Write the object as ${reader.apiVersion}.`,
    });
    return { diagnostics, reference };
  }
  const result = reader.schema.safeParse(raw);
  if (result.success) return { object: result.data, reference };
  const issues = result.error.issues.slice(0, MOST_ISSUES);
  return { diagnostics: issues.map((issue) => describeIssue(issue, raw, reference)), reference };
}

const MOST_ISSUES = 20;

const READERS: Readonly<Record<ObjectKind, { apiVersion: string; schema: z.ZodType<KubernetesObject> }>> = {
  Ingress: { apiVersion: 'networking.k8s.io/v1', schema: ingress },
  IngressClass: { apiVersion: 'networking.k8s.io/v1', schema: ingressClass },
  Service: { apiVersion: 'v1', schema: service },
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', schema: endpointSlice },
  Secret: { apiVersion: 'v1', schema: secret },
  ConfigMap: { apiVersion: 'v1', schema: configMap },
};

// A kind of ours below another version of these groups is a mistake or of old; below any other group it is
// somebody else's kind that happens to have the same name (Knative's Service).
const KUBERNETES_GROUPS: ReadonlySet<string> = new Set([
  '',
  'extensions',
  'networking.k8s.io',
  'discovery.k8s.io',
]);

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function isKind(kind: string): kind is ObjectKind {
  return Object.hasOwn(READERS, kind);
}

function refuse(
  object: string,
  code: string,
  field: string,
  message: string,
  { hint }: { readonly hint: string },
): { readonly diagnostics: readonly Diagnostic[]; readonly reference: null } {
  return { diagnostics: [{ code, severity: 'error', object, field, message, hint }], reference: null };
}
