// The rules of one Ingress, by host: what is well-formed of them, and what is wrong with the rest.

import { quoteText } from '../model/diagnostic.ts';
import type { Ingress, IngressBackend } from '../model/kubernetes.ts';
import { host as parseHost } from '../options/grammar/host.ts';
import { isNormalPath, path as parsePath } from '../options/grammar/path.ts';
import type { Problem } from './report.ts';

export type ServiceBackend = Extract<IngressBackend, { readonly kind: 'service' }>;

export interface PathRule {
  /** Exact, or everything else: ingress-nginx treats ImplementationSpecific as Prefix. */
  readonly kind: 'E' | 'P';
  readonly path: string;
  readonly backend: ServiceBackend;
  /** JSON path of the rule and of its backend. */
  readonly field: string;
  readonly backendField: string;
}

export interface HostRules {
  /** Lower-case; `*` for every host. */
  readonly host: string;
  readonly rules: readonly PathRule[];
  /** `spec.defaultBackend`, as a rule for `/` that yields to every other one. */
  readonly fallback: PathRule | null;
}

/** @param patterns whether its paths are meant as regular expressions, in which dots are no segments. */
export function readRules(
  ingress: Ingress,
  patterns: boolean,
): {
  readonly hosts: readonly HostRules[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const hosts = new Map<string, PathRule[]>();
  ingress.rules.forEach((rule, index) => {
    const parsed = rule.host === '' ? null : parseHost(rule.host);
    if (parsed?.ok === false) {
      problems.push(invalidHost(index, rule.host, parsed.error));
      return;
    }
    const host = parsed === null ? '*' : parsed.value;
    const rules = hosts.get(host) ?? [];
    hosts.set(host, rules);
    rule.paths.forEach((entry, position) => {
      const field = `spec.rules[${index}].http.paths[${position}]`;
      const path = entry.path === '' ? '/' : entry.path;
      const wrong = parsePath(path);
      if (!wrong.ok) problems.push(invalidPath(field, path, wrong.error));
      else if (entry.backend.kind === 'resource') problems.push(resourceBackend(`${field}.backend.resource`));
      else {
        if (!patterns && !isNormalPath(path)) problems.push(unreachablePath(field, path));
        rules.push({
          kind: entry.pathType === 'Exact' ? 'E' : 'P',
          path,
          backend: entry.backend,
          field: `${field}.path`,
          backendField: `${field}.backend`,
        });
      }
    });
  });
  if (ingress.rules.length === 0) hosts.set('*', []);
  const fallback = readFallback(ingress.defaultBackend, problems);
  if (ingress.rules.length === 0 && fallback === null) return { hosts: [], problems };
  problems.push(...idleTlsHosts(ingress, hosts));
  return { hosts: [...hosts].map(([host, rules]) => ({ host, rules, fallback })), problems };
}

function readFallback(backend: IngressBackend | undefined, problems: Problem[]): PathRule | null {
  if (backend === undefined) return null;
  const field = 'spec.defaultBackend';
  if (backend.kind === 'service') return { kind: 'P', path: '/', backend, field, backendField: field };
  problems.push(resourceBackend(`${field}.resource`));
  return null;
}

function idleTlsHosts(ingress: Ingress, hosts: ReadonlyMap<string, unknown>): readonly Problem[] {
  return ingress.tls.flatMap((entry, index) =>
    entry.hosts.flatMap((name, position) => {
      const lower = name.toLowerCase();
      const used = lower.startsWith('*.')
        ? [...hosts.keys()].some((host) => host === lower || host.slice(host.indexOf('.')) === lower.slice(1))
        : hosts.has(lower);
      if (used) return [];
      const problem: Problem = {
        code: 'tls-host-idle',
        severity: 'info',
        field: `spec.tls[${index}].hosts[${position}]`,
        message: `no rule of this Ingress is for ${quoteText(name)}, so its certificate is not used for it`,
        hint: 'Add a rule for the host, or remove it from spec.tls.',
      };
      return [problem];
    }),
  );
}

function invalidHost(index: number, host: string, error: string): Problem {
  return {
    code: 'host-invalid',
    severity: 'error',
    field: `spec.rules[${index}].host`,
    message: `the host is ${quoteText(host)}, but ${error}; the rule is not served`,
    hint: 'Correct the host.',
  };
}

function invalidPath(field: string, path: string, error: string): Problem {
  return {
    code: 'path-invalid',
    severity: 'error',
    field: `${field}.path`,
    message: `the path is ${quoteText(path)}, but ${error}; it is not served`,
    hint: 'Correct the path.',
  };
}

function unreachablePath(field: string, path: string): Problem {
  return {
    code: 'path-unreachable',
    severity: 'warning',
    field: `${field}.path`,
    message: `no request ever has the path ${quoteText(path)}: "//", "/./" and "/../" are resolved before`,
    hint: 'Write the path as it is after normalisation.',
  };
}

function resourceBackend(field: string): Problem {
  return {
    code: 'backend-resource',
    severity: 'error',
    field,
    message: 'backends other than Services are not supported; the path is not served',
    hint: 'Name a Service.',
  };
}
