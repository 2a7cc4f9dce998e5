// How the annotations of an Ingress balance its Services, over the defaults of the ConfigMap. Two Ingresses that ask
// for different things get a backend each, so neither changes what the other has.

import { createHash } from 'node:crypto';
import type { ActiveCheck, Algorithm, Balancing, PassiveChecks } from '../model/balancing.ts';
import type { RouteDefaults } from '../model/settings.ts';
import type { AnnotationValues } from '../options/registry.ts';

/** What a backend is beside its Service and port. */
export interface BackendWish {
  readonly balancing: Balancing;
  /** Its endpoint is the cluster IP of the Service. */
  readonly serviceUpstream: boolean;
  /** Of the backend's id: `''`, or a slash and 16 digits of a digest of what is asked for beside the defaults. */
  readonly suffix: string;
}

export function backendWish(values: AnnotationValues, defaults: RouteDefaults): BackendWish {
  const balancing = balancingOf(values, defaults);
  const serviceUpstream = values.serviceUpstream ?? false;
  const plain = balancing === defaults.balancing && !serviceUpstream;
  const text = JSON.stringify([balancing, serviceUpstream]);
  const suffix = plain ? '' : `/${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  return { balancing, serviceUpstream, suffix };
}

/** What annotations ask for; null where they name an algorithm that cannot be had. */
export function askedAlgorithm(values: AnnotationValues): Algorithm | null | undefined {
  const { loadBalance: name, hashBy } = values;
  // As in ingress-nginx: whoever says what to hash by means to hash.
  if (hashBy !== undefined)
    return values.hashSubset === true || name === 'chashsubset' ? 'chashsubset' : 'chash';
  if (name === undefined) return undefined;
  return name === 'round_robin' || name === 'ewma' || name === 'least_conn' ? name : null;
}

export function isHash(algorithm: Algorithm): boolean {
  return algorithm === 'chash' || algorithm === 'chashsubset';
}

/** The defaults' own object where nothing else is asked for. The order of fields is part of backends' ids. */
function balancingOf(values: AnnotationValues, defaults: RouteDefaults): Balancing {
  const { balancing: base } = defaults;
  if (FIELDS.every((field) => values[field] === undefined)) return base;
  const algorithm = askedAlgorithm(values) ?? (values.loadBalance ? 'round_robin' : base.algorithm);
  const balancing: Balancing = {
    algorithm,
    hashBy: isHash(algorithm) ? (values.hashBy ?? []) : [],
    subsetSize: algorithm === 'chashsubset' ? (values.hashSubsetSize ?? 3) : 0,
    slowStart: isHash(algorithm) ? 0 : (values.slowStart ?? base.slowStart),
    panicThreshold: values.panicThreshold ?? base.panicThreshold,
    passive: passiveOf(values, defaults),
    check: checkOf(values),
  };
  return sameBalancing(balancing, base) ? base : balancing;
}

const FIELDS = [
  'loadBalance',
  'hashBy',
  'slowStart',
  'panicThreshold',
  'maxFails',
  'failTimeout',
  'failStatuses',
  'maxEjected',
  'checkType',
] as const satisfies readonly (keyof AnnotationValues)[]; // prettier-ignore

function passiveOf(values: AnnotationValues, { balancing, passive }: RouteDefaults): PassiveChecks | null {
  const maxFails = values.maxFails ?? balancing.passive?.maxFails ?? 0;
  if (maxFails === 0) return null;
  return {
    maxFails,
    failTimeout: values.failTimeout ?? passive.failTimeout,
    statuses: values.failStatuses ?? passive.statuses,
    maxEjected: values.maxEjected ?? passive.maxEjected,
  };
}

function checkOf(values: AnnotationValues): ActiveCheck | null {
  const { checkType: type } = values;
  if (type === undefined) return null;
  const asksHttp = type === 'http' || type === 'https';
  const interval = values.checkInterval ?? 5;
  return {
    type,
    interval,
    timeout: Math.min(values.checkTimeout ?? 2, interval),
    rise: values.checkRise ?? 2,
    fall: values.checkFall ?? 3,
    port: values.checkPort ?? null,
    path: asksHttp ? (values.checkPath ?? '/') : '/',
    host: asksHttp ? (values.checkHost ?? null) : null,
    statuses: asksHttp ? (values.checkStatuses ?? [[200, 399]]) : [],
    service: type === 'grpc' ? (values.checkService ?? '') : '',
  };
}

/** Both have their fields in the same order. */
export function sameBalancing(a: Balancing, b: Balancing): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
