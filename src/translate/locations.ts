// From the rules of a host to the table that both matchers read. A Prefix rule `/foo` is two entries, exact `/foo`
// and prefix `/foo/`, as in ingress-nginx; what a rule says itself beats what is derived from another one.

import type { Location, Route } from '../model/model.ts';
import { compareText } from './order.ts';
import type { Claim } from './reading.ts';
import type { Problem } from './report.ts';
import type { PathRule } from './rules.ts';

export interface PlacedRule {
  readonly claim: Claim;
  readonly rule: PathRule;
}

export interface LostRule extends PlacedRule {
  readonly winner: PlacedRule;
}

/**
 * One rule for each path and type: that of the first claim. A default backend is the `/` of its host where no rule
 * of any Ingress is.
 *
 * @param claims oldest first, without canaries.
 */
export function placeRules(claims: readonly Claim[]): {
  readonly placed: ReadonlyMap<string, PlacedRule>;
  readonly lost: readonly LostRule[];
} {
  const placed = new Map<string, PlacedRule>();
  const lost: LostRule[] = [];
  const place = (entry: PlacedRule, mayYield: boolean): void => {
    const key = ruleKey(entry.rule);
    const winner = placed.get(key);
    if (winner === undefined) placed.set(key, entry);
    else if (!mayYield) lost.push({ ...entry, winner });
  };
  for (const claim of claims) for (const rule of claim.rules) place({ claim, rule }, false);
  const ruled = placed.has('P/');
  for (const claim of claims) if (claim.fallback !== null) place({ claim, rule: claim.fallback }, ruled);
  return { placed, lost };
}

export function ruleKey(rule: PathRule): string {
  return `${rule.kind}${rule.path}`;
}

/** Sorted by path, exact before prefix. */
export function tableOf(
  routes: readonly { readonly rule: PathRule; readonly route: Route }[],
): readonly Location[] {
  const table = new Map<string, { readonly location: Location; readonly derived: boolean }>();
  const put = (match: Location['match'], path: string, route: Route, derived: boolean): void => {
    const key = `${match} ${path}`;
    const present = table.get(key);
    if (present === undefined || (present.derived && !derived))
      table.set(key, { location: { match, path, route }, derived });
  };
  for (const { rule, route } of routes) {
    if (rule.kind === 'E') put('exact', rule.path, route, false);
    else if (rule.path.endsWith('/')) put('prefix', rule.path, route, false);
    else {
      put('exact', rule.path, route, true);
      put('prefix', `${rule.path}/`, route, true);
    }
  }
  return [...table.values()]
    .map(({ location }) => location)
    .toSorted((a, b) => compareText(a.path, b.path) || compareText(a.match, b.match));
}

export function lostRule({ winner }: LostRule, field: string, host: string): Problem {
  return {
    code: 'path-taken',
    severity: 'warning',
    field,
    message: `${winner.claim.source.object} has this path of host ${host} already and is asked first; this one is not served`,
    hint: 'Give every path of a host to one Ingress.',
  };
}
