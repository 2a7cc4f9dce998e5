// What is said about paths that are regular expressions, that have become some, or that look like some.

import { quoteText } from '../model/diagnostic.ts';
import type { PlacedRule } from './locations.ts';
import type { Policy } from './policy.ts';
import { annotationField, type Problem } from './report.ts';

/** @param text as which it is matched. */
export function becomesRegex({ rule }: PlacedRule, text: string, cause: PlacedRule, host: string): Problem {
  const slash = text.endsWith('/');
  const change =
    rule.kind === 'E'
      ? 'it also takes every path that begins with it'
      : slash
        ? 'it also takes paths in other cases'
        : 'it also takes paths that go on without a slash, as in "/foobar" for "/foo"';
  return {
    code: 'path-becomes-regex',
    severity: 'warning',
    field: rule.field,
    message: `${cause.claim.source.object} makes all paths of host ${host} regular expressions, whatever the case: ${change}`,
    hint: 'Give the Ingress with use-regex or rewrite-target a host of its own.',
  };
}

export function keptLiteral({ rule }: PlacedRule, cause: PlacedRule, host: string): Problem {
  return {
    code: 'path-becomes-regex',
    severity: 'warning',
    field: rule.field,
    message: `${cause.claim.source.object} makes all paths of host ${host} regular expressions, which ${quoteText(rule.path)} is not: it takes every path that begins with this text, whatever the case`,
    hint: 'Give the Ingress with use-regex or rewrite-target a host of its own.',
  };
}

export function exactIsRegex({ rule }: PlacedRule): Problem {
  return {
    code: 'exact-is-regex',
    severity: 'info',
    field: rule.field,
    message:
      'with use-regex or rewrite-target an Exact path takes every path that begins with it, whatever the case',
    hint: 'End the path with "$" if nothing may follow.',
  };
}

export function invalidPattern({ rule }: PlacedRule, error: string): Problem {
  return {
    code: 'path-invalid',
    severity: 'error',
    field: rule.field,
    message: `the path is ${quoteText(rule.path)}, but ${error}; it is not served`,
    hint: 'Correct the path.',
  };
}

export function tooManyPatterns({ rule }: PlacedRule, most: number): Problem {
  return {
    code: 'path-excess',
    severity: 'error',
    field: rule.field,
    message: `one request might have to be matched with more than ${most} regular expressions of this host; this newer one is not served`,
    hint: 'Let paths begin with different fixed text, or spread them over several hosts.',
  };
}

export function missingGroup({ rule }: PlacedRule, names: readonly string[], groups: number): Problem {
  const has = groups === 0 ? 'no groups' : groups === 1 ? 'one group' : `${groups} groups`;
  return {
    code: 'rewrite-group-missing',
    severity: 'warning',
    field: rule.field,
    message: `rewrite-target or x-forwarded-prefix refers to ${names.join(' and ')}, but the path has ${has}: nothing is put there`,
    hint: 'Put "(" and ")" around what is to be kept of the path.',
  };
}

export function unknownName({ rule }: PlacedRule, names: readonly string[]): Problem {
  return {
    code: 'rewrite-name-unknown',
    severity: 'error',
    field: rule.field,
    message: `rewrite-target or x-forwarded-prefix refers to ${names.join(' and ')}, which is no group of the path: it answers 503`,
    hint: 'Only $1 to $9 and named groups of the path are known; variables of nginx are not.',
  };
}

/** A path with the marks of a regular expression that is compared as text. */
export function looksRegex({ rule }: PlacedRule): Problem | null {
  if (!/[()[\]*?^\\|]|\$$/.test(rule.path)) return null;
  return {
    code: 'path-looks-regex',
    severity: 'warning',
    field: rule.field,
    message: `the path ${quoteText(rule.path)} is compared as text, because nothing makes the paths of its host regular expressions`,
    hint: 'Set use-regex to "true" if a regular expression is meant.',
  };
}

/** @param prefix of our annotations, without the slash. */
export function idlePrefix(policy: Policy, prefix: string): readonly Problem[] {
  if (policy.forwardedPrefix === null || policy.rewriteTarget !== null) return [];
  return [
    {
      code: 'forwarded-prefix-idle',
      severity: 'warning',
      field: annotationField(`${prefix}/x-forwarded-prefix`),
      message: 'x-forwarded-prefix has no effect without rewrite-target, as in ingress-nginx',
      hint: 'Set rewrite-target, or remove the annotation.',
    },
  ];
}
