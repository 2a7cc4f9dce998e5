// What is said of annotations about balancing that cannot have the effect that they ask for.

import type { Settings } from '../model/settings.ts';
import { type AnnotationField, type AnnotationValues, SUPPORTED_ANNOTATIONS } from '../options/registry.ts';
import { askedAlgorithm, isHash } from './balancing.ts';
import { idleAnnotations } from './idle.ts';
import { annotationField, type Problem } from './report.ts';

/** @param prefix of our annotations, without the slash. */
export function balancingProblems(
  values: AnnotationValues,
  { defaults }: Settings,
  prefix: string,
): readonly Problem[] {
  if (Object.keys(values).length === 0) return [];
  const idle = (fields: readonly AnnotationField[], needs: string) =>
    idleAnnotations(values, fields, needs, prefix);
  const maxFails = values.maxFails ?? defaults.balancing.passive?.maxFails ?? 0;
  return [
    ...algorithmProblems(values, prefix),
    ...clusterProblems(values, prefix),
    ...(maxFails === 0 && values.checkType === undefined && (values.panicThreshold ?? 0) > 0
      ? idle(['panicThreshold'], 'health-check or upstream-max-fails')
      : []),
    ...(maxFails === 0 ? idle(['failTimeout', 'failStatuses', 'maxEjected'], 'upstream-max-fails') : []),
    ...checkProblems(values, prefix),
    ...(values.affinity === undefined
      ? idle(SESSION_FIELDS, 'affinity: cookie')
      : refusedCookie(values, prefix)),
  ];
}

/** Browsers drop it, and every request would begin a session. */
function refusedCookie(
  { cookieSameSite, cookieSecure }: AnnotationValues,
  prefix: string,
): readonly Problem[] {
  if (cookieSameSite !== 'None' || cookieSecure !== false) return [];
  const { name } = SUPPORTED_ANNOTATIONS.cookieSameSite;
  return [
    {
      code: 'cookie-refused',
      severity: 'warning',
      field: annotationField(`${prefix}/${name}`),
      message: 'browsers refuse a cookie with SameSite=None that is not Secure, so no session stays',
      hint: 'Remove session-cookie-secure, or set it to "true".',
    },
  ];
}

function algorithmProblems(values: AnnotationValues, prefix: string): readonly Problem[] {
  const { loadBalance, hashBy } = values;
  const about = (field: AnnotationField, code: string, message: string, hint: string): Problem => {
    const { name } = SUPPORTED_ANNOTATIONS[field];
    return { code, severity: 'warning', field: annotationField(`${prefix}/${name}`), message, hint };
  };
  const algorithm = askedAlgorithm(values);
  if (algorithm === null) {
    const sticky = loadBalance?.startsWith('sticky_') === true;
    const fault = sticky ? "is a word of ingress-nginx's own" : 'has nothing to hash by';
    const message = `load-balance ${loadBalance} ${fault}; round_robin is used`;
    const hint = sticky ? 'Set affinity to cookie.' : 'Set upstream-hash-by.';
    return [about('loadBalance', 'algorithm-unsupported', message, hint)];
  }
  if (hashBy === undefined)
    return idleAnnotations(values, ['hashSubset', 'hashSubsetSize'], 'upstream-hash-by', prefix);
  const problems: Problem[] = [];
  if (loadBalance !== undefined && loadBalance !== algorithm) {
    const message = `load-balance ${loadBalance} has no effect beside upstream-hash-by, which means ${algorithm}`;
    problems.push(about('loadBalance', 'annotation-idle', message, 'Remove one of them.'));
  }
  if (algorithm === 'chash')
    problems.push(...idleAnnotations(values, ['hashSubsetSize'], 'upstream-hash-by-subset: "true"', prefix));
  if (algorithm !== undefined && isHash(algorithm) && (values.slowStart ?? 0) > 0) {
    const message = `slow-start has no effect with ${algorithm}: a hash knows no shares that grow`;
    problems.push(about('slowStart', 'annotation-idle', message, 'Remove it, or upstream-hash-by.'));
  }
  return problems;
}

/** What a Service is asked for that has one endpoint only, its cluster IP. */
function clusterProblems(values: AnnotationValues, prefix: string): readonly Problem[] {
  if (values.serviceUpstream !== true) return [];
  const picks = values.hashBy === undefined ? (askedAlgorithm(values) ?? 'round_robin') : 'round_robin';
  const fields: readonly (AnnotationField | null)[] = [
    picks === 'round_robin' ? null : 'loadBalance',
    values.hashBy === undefined ? null : 'hashBy',
    values.slowStart ? 'slowStart' : null,
    values.affinity === undefined ? null : 'affinity',
  ];
  return fields
    .filter((field) => field !== null)
    .map((field) => {
      const { name } = SUPPORTED_ANNOTATIONS[field];
      return {
        code: 'annotation-idle',
        severity: 'warning',
        field: annotationField(`${prefix}/${name}`),
        message: `${name} has no effect beside service-upstream when the Service has a cluster IP: the cluster balances`,
        hint: 'Remove one of them.',
      };
    });
}

function checkProblems(values: AnnotationValues, prefix: string): readonly Problem[] {
  const { checkType: type, checkTimeout = 0, checkInterval = 5 } = values;
  const idle = (fields: readonly AnnotationField[], needs: string) =>
    idleAnnotations(values, fields, needs, prefix);
  if (type === undefined) return idle(CHECK_FIELDS, 'health-check');
  const problems = [
    ...(type === 'tcp' || type === 'grpc' ? idle(HTTP_FIELDS, 'health-check: http') : []),
    ...(type === 'grpc' ? [] : idle(['checkService'], 'health-check: grpc')),
  ];
  if (checkTimeout <= checkInterval) return problems;
  const long: Problem = {
    code: 'check-timeout-long',
    severity: 'warning',
    field: annotationField(`${prefix}/${SUPPORTED_ANNOTATIONS.checkTimeout.name}`),
    message: `health-check-timeout is longer than the interval of ${checkInterval} s, which is waited for at most`,
    hint: 'Give it less, or the interval more.',
  };
  return [...problems, long];
}

const HTTP_FIELDS = ['checkPath', 'checkHost', 'checkStatuses'] as const;
const CHECK_FIELDS = [
  ...HTTP_FIELDS,
  'checkPort',
  'checkInterval',
  'checkTimeout',
  'checkRise',
  'checkFall',
  'checkService',
] as const;
const SESSION_FIELDS = [
  'affinityMode',
  'affinityCanary',
  'cookieName',
  'cookiePath',
  'cookieExpires',
  'cookieMaxAge',
  'cookieSameSite',
  'cookieSameSiteConditional',
  'cookieSecure',
  'cookieDomain',
  'cookieChangeOnFailure',
] as const;
