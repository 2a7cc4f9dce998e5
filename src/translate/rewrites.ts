// What becomes of the path of a request: the target of its rule, with its references to groups resolved.

import type { Rewrite, RewriteParts } from '../model/model.ts';
import type { RewriteTarget } from '../options/grammar/rewrite-target.ts';
import type { PlacedRule } from './locations.ts';
import { isRewritten, type RegexRule } from './regex-host.ts';
import { missingGroup, unknownName } from './regex-problems.ts';
import type { Problem } from './report.ts';

export interface RewriteReading {
  readonly rewrite: Rewrite | null;
  /** Why nothing may be served: half of a rewrite would ask endpoints for what nobody meant. */
  readonly denied: string | null;
  readonly problems: readonly Problem[];
}

const NONE: RewriteReading = { rewrite: null, denied: null, problems: [] };

export function readRewrite(entry: PlacedRule, regex: RegexRule | undefined): RewriteReading {
  const { rewriteTarget, forwardedPrefix } = entry.claim.source.policy;
  if (regex === undefined || rewriteTarget === null || !isRewritten(entry)) return NONE;
  const { groups } = regex.pattern;
  const target = resolve(rewriteTarget, groups);
  // As in ingress-nginx the header belongs to the rewrite.
  const prefix = forwardedPrefix === null ? null : resolve(forwardedPrefix, groups);
  const missing = [...target.missing, ...(prefix?.missing ?? [])].sort();
  const unknown = [...target.unknown, ...(prefix?.unknown ?? [])].sort();
  const problems = [
    ...(missing.length === 0 ? [] : [missingGroup(entry, unique(missing), groups.length)]),
    ...(unknown.length === 0 ? [] : [unknownName(entry, unique(unknown))]),
  ];
  if (unknown.length > 0)
    return { rewrite: null, denied: 'its rewrite refers to a group that its path does not have', problems };
  const rewrite = { pattern: regex.text, target: target.parts, forwardedPrefix: prefix?.parts ?? null };
  return { rewrite, denied: null, problems };
}

interface Resolved {
  readonly parts: RewriteParts;
  /** Numbers beyond the last group: nginx puts nothing there. */
  readonly missing: readonly string[];
  /** Names, as nginx's variables would have them. */
  readonly unknown: readonly string[];
}

function resolve(target: RewriteTarget, groups: readonly (string | null)[]): Resolved {
  const parts: (string | number)[] = [];
  const missing: string[] = [];
  const unknown: string[] = [];
  for (const part of target) {
    if (typeof part === 'string') parts.push(part);
    else if (/^\d$/.test(part.group)) {
      if (Number(part.group) <= groups.length) parts.push(Number(part.group));
      else missing.push(`$${part.group}`);
    } else {
      const position = groups.indexOf(part.group);
      if (position >= 0) parts.push(position + 1);
      else unknown.push(`$${part.group}`);
    }
  }
  return { parts, missing, unknown };
}

function unique(sorted: readonly string[]): readonly string[] {
  return [...new Set(sorted)];
}
