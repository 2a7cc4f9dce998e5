// One host, from all claims on it: the server, the backends and the certificate that it needs.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Service } from '../model/kubernetes.ts';
import type { Canary, Certificate, Location, Server } from '../model/model.ts';
import { affinityAt } from './affinity.ts';
import { readAppRoot } from './app-root.ts';
import { canaryAffinity, unmatchedCanary } from './canaries.ts';
import { hostCertificates, type LookAtSecrets } from './host-certificate.ts';
import { lostRule, type PlacedRule, placeRules, ruleKey, tableOf } from './locations.ts';
import type { BackendReference } from './ports.ts';
import type { Claim, Source } from './reading.ts';
import { type RegexRule, readRegexHost } from './regex-host.ts';
import { looksRegex } from './regex-problems.ts';
import { readRewrite } from './rewrites.ts';
import { routeOf } from './routes.ts';
import type { PathRule } from './rules.ts';
import { createTargets, type Targets } from './targets.ts';
import { type LookAtUpstreams, readUpstream, type UpstreamReading } from './upstreams.ts';

/** Objects that a host depends on, looked up so that each look is noted. */
export interface Look extends LookAtSecrets, LookAtUpstreams {
  readonly service: (key: string) => Service | undefined;
}

export interface HostResult {
  /** Null: only canaries want the host, and they make none. */
  readonly server: Server | null;
  readonly references: readonly BackendReference[];
  readonly certificates: readonly Certificate[];
  readonly upstreams: readonly UpstreamReading[];
  readonly diagnostics: readonly Diagnostic[];
}

/** @param claims oldest first. */
export function buildHost(host: string, claims: readonly Claim[], look: Look): HostResult {
  const primaries = claims.filter((claim) => claim.source.canary === null);
  const diagnostics: Diagnostic[] = [];
  const { placed, lost } = placeRules(primaries);
  for (const entry of lost)
    diagnostics.push({ ...lostRule(entry, entry.rule.field, host), object: entry.claim.source.object });

  const targets = createTargets(look.service, diagnostics);
  const regex = readRegexHost(host, placed);
  const served: ReadonlyMap<string, PlacedRule> =
    regex === null ? placed : new Map(regex.rules.map((rule) => [rule.key, rule]));
  diagnostics.push(...(regex?.diagnostics ?? [...placed.values()].flatMap(regexSuspicion)));
  const appRoot = readAppRoot(host, primaries);
  diagnostics.push(...appRoot.diagnostics);
  const canaries = attachCanaries(host, claims, served, targets, diagnostics);

  const [tls = null, ...younger] = primaries.filter((claim) => claim.source.ingress.tls.length > 0);
  const sources = younger.map(({ source }): Source => source);
  const shown = tls === null ? null : hostCertificates(host, [tls.source, ...sources], look);
  diagnostics.push(...(shown?.diagnostics ?? []));
  // ingress-nginx looks the host of the request up, which for the server of all other hosts finds nothing.
  const redirects = tls !== null && host !== '*';
  const upstreamOf = createUpstreams(look);
  const makeRoute = (key: string, entry: PlacedRule, regexRule?: RegexRule) => {
    const rewrite = readRewrite(entry, regexRule);
    for (const problem of rewrite.problems)
      diagnostics.push({ ...problem, object: entry.claim.source.object });
    const { source } = entry.claim;
    const { affinity } = source.policy;
    const backend = targets.backendOf(entry);
    const attached = canaries.get(key) ?? [];
    const failover = targets.failoverOf(source, backend);
    const asked = [backend, failover ?? backend, ...attached.map((canary) => canary.backend)];
    return routeOf(host, entry, {
      backend,
      canaries: attached,
      failover,
      affinity: affinity && affinityAt(affinity, regexRule === undefined ? entry.rule.path : null),
      measured: asked.some((backend) => targets.isMeasured(backend)),
      tls: redirects,
      rewrite,
      upstream: upstreamOf(entry),
    });
  };
  const locations: readonly Location[] =
    regex === null
      ? tableOf([...placed].map(([key, entry]) => ({ rule: entry.rule, route: makeRoute(key, entry) })))
      : regex.rules.map((rule) => regexLocation(rule, makeRoute(rule.key, rule, rule)));
  const certificate = shown?.certificate ?? null;
  const others = shown?.others ?? [];
  const server: Server = {
    host,
    locations,
    ...(appRoot.path === null ? {} : { appRoot: appRoot.path }),
    certificate: certificate?.id ?? null,
    otherCertificates: others.map(({ id }) => id),
    objects: objectsOf(primaries, served, tls),
  };
  const certificates = certificate === null ? [] : [certificate, ...others];
  const upstreams = upstreamOf.all();
  diagnostics.push(...upstreams.flatMap((upstream) => upstream.diagnostics));
  return {
    server: primaries.length === 0 ? null : server,
    references: targets.references,
    certificates,
    upstreams,
    diagnostics,
  };
}

/** One reading for the routes of an Ingress to one Service: they share a profile. */
function createUpstreams(look: Look) {
  const readings = new Map<Source, Map<string, UpstreamReading>>();
  const read = ({ claim: { source }, rule }: PlacedRule): UpstreamReading => {
    const { service } = rule.backend;
    const known = readings.get(source) ?? new Map<string, UpstreamReading>();
    readings.set(source, known);
    const reading = known.get(service) ?? readUpstream(source, service, look);
    known.set(service, reading);
    return reading;
  };
  const all = () => [...readings.values()].flatMap((services) => [...services.values()]);
  return Object.assign(read, { all });
}

function attachCanaries(
  host: string,
  claims: readonly Claim[],
  placed: ReadonlyMap<string, PlacedRule>,
  targets: Targets,
  diagnostics: Diagnostic[],
): ReadonlyMap<string, readonly Canary[]> {
  const attached = new Map<string, Canary[]>();
  for (const claim of claims) {
    const { canary, denied, object } = claim.source;
    // Why a denied one takes no traffic has been said of its annotations.
    if (canary === null || denied !== null) continue;
    for (const rule of rulesOf(claim)) {
      const key = ruleKey(rule);
      const primary = placed.get(key);
      if (primary === undefined) {
        diagnostics.push({ ...unmatchedCanary(host, rule.field), object });
        continue;
      }
      const list = attached.get(key) ?? [];
      attached.set(key, list);
      list.push({ object, backend: targets.backendOf({ claim, rule }), ...canary });
      const { policy } = primary.claim.source;
      if (claim.source.policy.affinity !== null && policy.affinity === null)
        diagnostics.push({ ...canaryAffinity(claim.source), object });
    }
  }
  return attached;
}

function regexLocation({ text, pattern }: RegexRule, route: Location['route']): Location {
  return { match: 'regex', path: text, literal: { text: pattern.literal, whole: pattern.plain }, route };
}

function regexSuspicion(entry: PlacedRule): readonly Diagnostic[] {
  const problem = looksRegex(entry);
  return problem === null ? [] : [{ ...problem, object: entry.claim.source.object }];
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
