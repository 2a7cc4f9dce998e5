// One Ingress, read by itself: what it claims for which hosts, and what is wrong with it. Nothing here depends on
// other objects, so it is read once in the life of the object.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { Ingress } from '../model/kubernetes.ts';
import { readAnnotations } from '../options/annotations/read.ts';
import type { ConfigMapReading } from '../options/configmap/parse.ts';
import { labelText, objectNameText } from '../options/grammar/object-name.ts';
import { balancingProblems } from './balancing-problems.ts';
import { type CanaryRule, readCanary } from './canaries.ts';
import { judgeAnnotations } from './gates.ts';
import type { TranslateOptions } from './options.ts';
import { type Policy, policyOf } from './policy.ts';
import { idlePrefix } from './regex-problems.ts';
import { type Problem, referenceTo } from './report.ts';
import { type HostRules, readRules } from './rules.ts';

/** What all claims of an Ingress share. */
export interface Source {
  readonly ingress: Ingress;
  readonly object: string;
  readonly policy: Policy;
  readonly denied: string | null;
  /** Null: an ordinary Ingress. */
  readonly canary: CanaryRule | null;
}

/** What one Ingress wants of one host. Keeps its identity as long as the Ingress does. */
export interface Claim extends HostRules {
  readonly source: Source;
}

export interface Reading {
  readonly claims: readonly Claim[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readIngress(ingress: Ingress, config: ConfigMapReading, options: TranslateOptions): Reading {
  const object = referenceTo(ingress);
  const about = (problems: readonly Problem[]) => problems.map((problem) => ({ ...problem, object }));
  const refusal = refuse(ingress, options);
  if (refusal !== null) return { claims: [], diagnostics: about([refusal]) };

  const annotations = readAnnotations(ingress.metadata.annotations, options.annotationsPrefix);
  const judgement = judgeAnnotations(annotations);
  const canary = readCanary(annotations.values, options.annotationsPrefix);
  const policy = policyOf(annotations.values, config.settings);
  const rules = readRules(ingress, policy.useRegex || policy.rewriteTarget !== null);
  const source: Source = {
    ingress,
    object,
    policy,
    denied: config.denied ?? judgement.denied,
    canary: canary.rule,
  };
  return {
    claims: rules.hosts.map((rule) => ({ ...rule, source })),
    diagnostics: about([
      ...judgement.problems,
      ...canary.problems,
      ...idlePrefix(policy, options.annotationsPrefix),
      ...balancingProblems(annotations.values, config.settings, options.annotationsPrefix),
      ...rules.problems,
    ]),
  };
}

function refuse(ingress: Ingress, options: TranslateOptions): Problem | null {
  const { namespace, name } = ingress.metadata;
  if (!labelText(namespace).ok || !objectNameText(name).ok)
    return {
      code: 'name-invalid',
      severity: 'error',
      field: labelText(namespace).ok ? 'metadata.name' : 'metadata.namespace',
      message: `${quoteText(`${namespace}/${name}`)} is no name of a Kubernetes object; the Ingress is not served`,
      hint: 'Use lower-case letters, digits, "-" and ".".',
    };
  if (options.disableCatchAll && ingress.defaultBackend !== undefined)
    return {
      code: 'catch-all-disabled',
      severity: 'warning',
      field: 'spec.defaultBackend',
      message: 'Ingresses with a default backend are ignored, as --disable-catch-all says',
      hint: 'Remove spec.defaultBackend.',
    };
  return null;
}
