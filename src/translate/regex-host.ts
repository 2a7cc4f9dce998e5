// Hosts whose paths are regular expressions. As in ingress-nginx one Ingress that asks for it, by use-regex or by a
// rewrite, decides for all paths of the host: they match at the start, whatever the case, the longest text first.
// Exact is exact no more, and a Prefix `/foo` also takes `/foobar`: whoever did not ask for that is told.

import type { Diagnostic } from '../model/diagnostic.ts';
import { escapePattern, type PathPattern, pathPattern } from '../options/grammar/path-pattern.ts';
import { targetText } from '../options/grammar/rewrite-target.ts';
import { lostRule, type PlacedRule } from './locations.ts';
import * as problems from './regex-problems.ts';
import type { Problem } from './report.ts';

export interface RegexRule extends PlacedRule {
  /** Of `placed`. */
  readonly key: string;
  /** As text, and what is known of it. */
  readonly text: string;
  readonly pattern: PathPattern;
}

/**
 * How many patterns one request may have to try. What they begin with is looked up first, so only those count that
 * can begin alike; each of them costs up to 100,000 steps (`lua_regex_match_limit`).
 */
const MOST_CANDIDATES = 256;

/** The rules in the order in which they are asked; null: nobody asks for regular expressions. */
export function readRegexHost(
  host: string,
  placed: ReadonlyMap<string, PlacedRule>,
): { readonly rules: readonly RegexRule[]; readonly diagnostics: readonly Diagnostic[] } | null {
  const cause = [...placed.values()].find(asksForRegex);
  if (cause === undefined) return null;
  const diagnostics: Diagnostic[] = [];
  const tell = ({ claim }: PlacedRule, problem: Problem): void =>
    void diagnostics.push({ ...problem, object: claim.source.object });

  const rules: RegexRule[] = [];
  for (const [key, entry] of placed) {
    const wanted = asksForRegex(entry);
    const text = regexText(entry, placed);
    const reading = pathPattern(text);
    if (reading.ok) {
      rules.push({ ...entry, key, text, pattern: reading.value });
      if (!wanted && !isFallback(entry) && key !== 'P/')
        tell(entry, problems.becomesRegex(entry, text, cause, host));
      else if (wanted && entry.rule.kind === 'E') tell(entry, problems.exactIsRegex(entry));
    } else if (wanted) tell(entry, problems.invalidPattern(entry, reading.error));
    else {
      // Somebody else made it one: it keeps what it says.
      const literal = escapePattern(text);
      const escaped = pathPattern(literal);
      if (escaped.ok) rules.push({ ...entry, key, text: literal, pattern: escaped.value });
      tell(entry, problems.keptLiteral(entry, cause, host));
    }
  }
  const excess = beyondBound(rules);
  for (const rule of excess) tell(rule, problems.tooManyPatterns(rule, MOST_CANDIDATES));
  const asked = new Map<string, RegexRule>();
  for (const rule of rules.filter((one) => !excess.has(one)).sort(byLength)) {
    // Prefix and Exact of one path say the same now.
    const winner = asked.get(rule.text);
    if (winner === undefined) asked.set(rule.text, rule);
    else tell(rule, lostRule({ ...rule, winner }, rule.rule.field, host));
  }
  return { rules: [...asked.values()], diagnostics };
}

/** A default backend has no path that could be meant as a pattern, so its Ingress asks only by its rules. */
export function asksForRegex(entry: PlacedRule): boolean {
  return !isFallback(entry) && (entry.claim.source.policy.useRegex || isRewritten(entry));
}

export function isRewritten(entry: PlacedRule): boolean {
  const { rewriteTarget } = entry.claim.source.policy;
  return !isFallback(entry) && rewriteTarget !== null && targetText(rewriteTarget) !== entry.rule.path;
}

function isFallback({ claim, rule }: PlacedRule): boolean {
  return claim.fallback === rule;
}

/** A Prefix that did not ask, and has an Exact of the same path beside it, is only what goes on after a slash. */
function regexText(entry: PlacedRule, placed: ReadonlyMap<string, PlacedRule>): string {
  const { kind, path } = entry.rule;
  const beside = kind === 'P' && !asksForRegex(entry) && placed.has(`E${path}`);
  return beside && !path.endsWith('/') ? `${path}/` : path;
}

/** The longest path first, by bytes; of equally long ones the greater; of equal ones that of the older Ingress. */
function byLength(a: RegexRule, b: RegexRule): number {
  const [first, second] = [Buffer.from(a.rule.path), Buffer.from(b.rule.path)];
  return second.length - first.length || Buffer.compare(second, first);
}

/** Those that are not among the oldest of all that one request may have to try. */
function beyondBound(rules: readonly RegexRule[]): ReadonlySet<RegexRule> {
  const excess = new Set<RegexRule>();
  const tried = rules.filter(({ pattern }) => !pattern.plain);
  if (tried.length <= MOST_CANDIDATES) return excess;
  const ages = new Map(tried.map((rule, age) => [rule, age]));
  const byLiteral = Map.groupBy(tried, ({ pattern }) => pattern.literal);
  const lengths = [...new Set([...byLiteral.keys()].map((literal) => literal.length))];
  for (const literal of byLiteral.keys()) {
    const together = lengths
      .filter((length) => length <= literal.length)
      .flatMap((length) => byLiteral.get(literal.slice(0, length)) ?? []);
    if (together.length <= MOST_CANDIDATES) continue;
    together.sort((a, b) => (ages.get(a) ?? 0) - (ages.get(b) ?? 0));
    for (const rule of together.slice(MOST_CANDIDATES)) excess.add(rule);
  }
  return excess;
}
