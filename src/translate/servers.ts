// One host, from all claims on it: the server, the backends and the certificate that it needs.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Secret, Service } from '../model/kubernetes.ts';
import type { BackendId, Canary, Certificate, Server } from '../model/model.ts';
import { unmatchedCanary } from './canaries.ts';
import { hostCertificate } from './host-certificate.ts';
import { lostRule, type PlacedRule, placeRules, ruleKey, tableOf } from './locations.ts';
import { type BackendReference, resolveBackend } from './ports.ts';
import type { Claim } from './reading.ts';
import { routeOf } from './routes.ts';
import type { PathRule } from './rules.ts';

/** Objects that a host depends on, looked up so that each look is noted. */
export interface Look {
  readonly service: (key: string) => Service | undefined;
  readonly secret: (key: string) => Secret | undefined;
}

export interface HostResult {
  /** Null: only canaries want the host, and they make none. */
  readonly server: Server | null;
  readonly references: readonly BackendReference[];
  readonly certificate: Certificate | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** @param claims oldest first. */
export function buildHost(host: string, claims: readonly Claim[], look: Look): HostResult {
  const primaries = claims.filter((claim) => claim.source.canary === null);
  const diagnostics: Diagnostic[] = [];
  const references: BackendReference[] = [];
  const { placed, lost } = placeRules(primaries);
  for (const entry of lost)
    diagnostics.push({ ...lostRule(entry, entry.rule.field, host), object: entry.claim.source.object });

  const backendOf = ({ claim, rule }: PlacedRule): BackendId => {
    const { object, ingress } = claim.source;
    const { namespace } = ingress.metadata;
    const service = look.service(`${namespace}/${rule.backend.service}`);
    const { reference, problem } = resolveBackend(namespace, rule.backend, rule.backendField, service);
    if (problem !== null) diagnostics.push({ ...problem, object });
    references.push(reference);
    return reference.id;
  };
  const canaries = attachCanaries(host, claims, placed, backendOf, diagnostics);

  const tls = primaries.find((claim) => claim.source.ingress.tls.length > 0) ?? null;
  const shown = tls === null ? null : hostCertificate(host, tls.source, look.secret);
  diagnostics.push(...(shown?.diagnostics ?? []));
  // ingress-nginx looks the host of the request up, which for the server of all other hosts finds nothing.
  const redirects = tls !== null && host !== '*';
  const routes = [...placed].map(([key, entry]) => ({
    rule: entry.rule,
    route: routeOf(host, entry, {
      backend: backendOf(entry),
      canaries: canaries.get(key) ?? [],
      tls: redirects,
    }),
  }));
  const certificate = shown?.certificate ?? null;
  const server: Server = {
    host,
    locations: tableOf(routes),
    certificate: certificate?.id ?? null,
    objects: objectsOf(primaries, placed, tls),
  };
  return { server: primaries.length === 0 ? null : server, references, certificate, diagnostics };
}

function attachCanaries(
  host: string,
  claims: readonly Claim[],
  placed: ReadonlyMap<string, PlacedRule>,
  backendOf: (entry: PlacedRule) => BackendId,
  diagnostics: Diagnostic[],
): ReadonlyMap<string, readonly Canary[]> {
  const attached = new Map<string, Canary[]>();
  for (const claim of claims) {
    const { canary, denied, object } = claim.source;
    // Why a denied one takes no traffic has been said of its annotations.
    if (canary === null || denied !== null) continue;
    for (const rule of rulesOf(claim)) {
      const key = ruleKey(rule);
      if (!placed.has(key)) {
        diagnostics.push({ ...unmatchedCanary(host, rule.field), object });
        continue;
      }
      const list = attached.get(key) ?? [];
      attached.set(key, list);
      list.push({ object, backend: backendOf({ claim, rule }), ...canary });
    }
  }
  return attached;
}

function rulesOf(claim: Claim): readonly PathRule[] {
  const { fallback, rules } = claim;
  return fallback === null || rules.some((rule) => ruleKey(rule) === 'P/') ? rules : [...rules, fallback];
}

/** Those that something of the server comes from; of a server of nothing, those that want it. */
function objectsOf(
  primaries: readonly Claim[],
  placed: ReadonlyMap<string, PlacedRule>,
  tls: Claim | null,
): readonly string[] {
  const used = new Set<Claim | null>([tls, ...[...placed.values()].map((entry) => entry.claim)]);
  const makers = primaries.filter((claim) => used.has(claim));
  return (makers.length > 0 ? makers : primaries).map((claim) => claim.source.object);
}
