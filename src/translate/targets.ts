// The backends that the routes of one host name: each as the Ingress balances it that names it.

import { isMeasured } from '../model/balancing.ts';
import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { Service } from '../model/kubernetes.ts';
import type { BackendId } from '../model/model.ts';
import { fieldOf } from './denial.ts';
import type { PlacedRule } from './locations.ts';
import { type BackendReference, resolveBackend } from './ports.ts';
import type { Source } from './reading.ts';

export interface Targets {
  backendOf(entry: PlacedRule): BackendId;
  /** Who stands in for that backend; null: nobody, and why has been said where somebody was meant to. */
  failoverOf(source: Source, backend: BackendId): BackendId | null;
  isMeasured(backend: BackendId): boolean;
  readonly references: readonly BackendReference[];
}

/** @param diagnostics takes what is wrong. */
export function createTargets(
  service: (key: string) => Service | undefined,
  diagnostics: Diagnostic[],
): Targets {
  const references: BackendReference[] = [];
  const measured = new Set<BackendId>();
  const add = (reference: BackendReference): BackendId => {
    references.push(reference);
    if (isMeasured(reference.balancing)) measured.add(reference.id);
    return reference.id;
  };
  const find = (source: Source, wanted: PlacedRule['rule']['backend'], field: string) => {
    const { namespace } = source.ingress.metadata;
    const found = service(`${namespace}/${wanted.service}`);
    return resolveBackend(namespace, wanted, field, found, source.policy.backend);
  };
  return {
    references,
    isMeasured: (backend) => measured.has(backend),
    backendOf: ({ claim: { source }, rule }) => {
      const { reference, problem } = find(source, rule.backend, rule.backendField);
      if (problem !== null) {
        const message = `${problem.message}; ${consequence(source)}`;
        diagnostics.push({ ...problem, object: source.object, message });
      }
      return add(reference);
    },
    failoverOf: (source, backend) => {
      const { failover } = source.policy;
      if (failover === null) return null;
      const { reference, problem } = find(source, { kind: 'service', ...failover }, '');
      if (problem === null && reference.id !== backend) return add(reference);
      diagnostics.push(problem === null ? failoverSame(source) : failoverMissing(source));
      return null;
    },
  };
}

/** Of a backend that is missing. */
function consequence({ canary, policy }: Source): string {
  if (canary !== null) return 'the canary takes no traffic';
  return policy.failover === null
    ? 'requests are answered with 503'
    : 'requests have nobody but the failover-service';
}

function failoverMissing(source: Source): Diagnostic {
  const { service = '', port = { number: 0 } } = source.policy.failover ?? {};
  const text = `${service}:${'name' in port ? port.name : port.number}`;
  return {
    code: 'failover-missing',
    severity: 'error',
    object: source.object,
    field: fieldOf(source, 'failover-service'),
    message: `there is no Service with the port ${quoteText(text)} in the namespace of the Ingress; nobody stands in`,
    hint: 'Create it, or correct the name or the port.',
  };
}

function failoverSame(source: Source): Diagnostic {
  return {
    code: 'failover-same',
    severity: 'warning',
    object: source.object,
    field: fieldOf(source, 'failover-service'),
    message: 'failover-service is the backend of a path itself; nobody stands in there',
    hint: 'Name another Service, or another port.',
  };
}
