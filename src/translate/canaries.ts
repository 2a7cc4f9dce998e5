// Canary Ingresses: what chooses them, and to which routes they are attached. Unlike in ingress-nginx a canary
// belongs to a route, not to a Service, so it never takes traffic of other hosts.

import type { Ramp } from '../model/balancing.ts';
import type { Canary } from '../model/model.ts';
import { type AnnotationField, type AnnotationValues, SUPPORTED_ANNOTATIONS } from '../options/registry.ts';
import { fieldOf } from './denial.ts';
import { idleAnnotations } from './idle.ts';
import type { Source } from './reading.ts';
import { annotationField, type Problem } from './report.ts';

export type CanaryRule = Omit<Canary, 'object' | 'backend'>;

/** @param prefix of our annotations, without the slash. */
export function readCanary(
  values: AnnotationValues,
  prefix: string,
): { readonly rule: CanaryRule | null; readonly problems: readonly Problem[] } {
  if (values.canary === true) {
    const rule = ruleOf(values);
    return {
      rule,
      problems: [
        ...largeWeight(rule, prefix),
        ...idleHeader(values, prefix),
        ...idleOfCanary(values, prefix),
        ...notOfCanary(values, prefix),
      ],
    };
  }
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
    bucketBy: values.canaryBucketBy ?? null,
    ramp: rampOf(values),
  };
}

function rampOf({ canaryRampStart: start, canaryRampDuration: duration }: AnnotationValues): Ramp | null {
  return start === undefined || duration === undefined ? null : { start, duration };
}

/** What a canary says to no effect. */
function largeWeight({ weight, weightTotal }: CanaryRule, prefix: string): readonly Problem[] {
  if (weight <= weightTotal) return [];
  const { name } = SUPPORTED_ANNOTATIONS.canaryWeight;
  return [
    {
      code: 'canary-weight-large',
      severity: 'warning',
      field: annotationField(`${prefix}/${name}`),
      message: `${name} ${weight} is more than its total of ${weightTotal}, so the canary takes everything`,
      hint: 'Give it less, or set canary-weight-total.',
    },
  ];
}

/** A value or a pattern is that of a header. */
function idleHeader(values: AnnotationValues, prefix: string): readonly Problem[] {
  if (values.canaryHeader !== undefined) return [];
  return idleAnnotations(values, ['canaryHeaderValue', 'canaryHeaderPattern'], 'canary-by-header', prefix);
}

function idleOfCanary(values: AnnotationValues, prefix: string): readonly Problem[] {
  const fields = ['canaryBucketBy', 'canaryRampStart', 'canaryRampDuration'] as const;
  if ((values.canaryWeight ?? 0) === 0) return idleAnnotations(values, fields, 'canary-weight', prefix);
  if (rampOf(values) !== null) return [];
  return [
    ...idleAnnotations(values, ['canaryRampStart'], 'canary-ramp-duration', prefix),
    ...idleAnnotations(values, ['canaryRampDuration'], 'canary-ramp-start', prefix),
  ];
}

/** Retries and failover are a matter of the Ingress whose traffic is shared. */
function notOfCanary(values: AnnotationValues, prefix: string): readonly Problem[] {
  return OTHERS_CONCERN.filter((field) => values[field] !== undefined).map((field) => {
    const { name } = SUPPORTED_ANNOTATIONS[field];
    return {
      code: 'annotation-idle',
      severity: 'warning',
      field: annotationField(`${prefix}/${name}`),
      message: `${name} has no effect at a canary: what the Ingress says whose traffic it shares counts`,
      hint: 'Set it at that Ingress, or remove it.',
    };
  });
}

const OTHERS_CONCERN = [
  'nextUpstream',
  'nextUpstreamTimeout',
  'nextUpstreamTries',
  'failoverService',
] as const satisfies readonly AnnotationField[];

/** Sessions are a matter of the Ingress whose traffic is shared. */
export function canaryAffinity(source: Source): Problem {
  return {
    code: 'canary-affinity',
    severity: 'warning',
    field: fieldOf(source, 'affinity'),
    message: 'a canary has the sessions of the Ingress whose traffic it shares, which has none',
    hint: 'Set affinity at that Ingress.',
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
