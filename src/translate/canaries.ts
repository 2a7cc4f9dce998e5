// Canary Ingresses: what chooses them, and to which routes they are attached. Unlike in ingress-nginx a canary
// belongs to a route, not to a Service, so it never takes traffic of other hosts.

import type { Canary } from '../model/model.ts';
import { type AnnotationField, type AnnotationValues, SUPPORTED_ANNOTATIONS } from '../options/registry.ts';
import type { Problem } from './report.ts';
import { annotationField } from './report.ts';

export type CanaryRule = Omit<Canary, 'object' | 'backend'>;

/** @param prefix of our annotations, without the slash. */
export function readCanary(
  values: AnnotationValues,
  prefix: string,
): { readonly rule: CanaryRule | null; readonly problems: readonly Problem[] } {
  if (values.canary === true) return { rule: ruleOf(values), problems: [] };
  const idle = (Object.keys(values) as AnnotationField[]).filter(
    (field) => SUPPORTED_ANNOTATIONS[field].scope === 'canary',
  );
  return {
    rule: null,
    problems: idle.map((field) => idleAnnotation(SUPPORTED_ANNOTATIONS[field].name, prefix)),
  };
}

/** A rule of a canary for which there is nothing that it could be a canary of. */
export function unmatchedCanary(host: string, field: string): Problem {
  return {
    code: 'canary-unmatched',
    severity: 'warning',
    field,
    message: `no other Ingress serves this path with the same type for host ${host}, so the canary takes no traffic`,
    hint: 'Give host, path and pathType exactly as the Ingress has them whose traffic is to be shared.',
  };
}

function ruleOf(values: AnnotationValues): CanaryRule {
  return {
    header: values.canaryHeader ?? null,
    headerValue: values.canaryHeaderValue ?? null,
    headerPattern: values.canaryHeaderPattern ?? null,
    cookie: values.canaryCookie ?? null,
    weight: values.canaryWeight ?? 0,
    weightTotal: Math.max(values.canaryWeightTotal ?? 100, 100),
  };
}

function idleAnnotation(name: string, prefix: string): Problem {
  return {
    code: 'canary-off',
    severity: 'error',
    field: annotationField(`${prefix}/${name}`),
    message: `${name} has no effect without canary: "true"; the Ingress is served as an ordinary one`,
    hint: 'Set canary to "true", or remove the annotation.',
  };
}
