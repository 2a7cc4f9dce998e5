// Targets of rewrites: a path with references to groups of the path that was matched, `$1` … `$9` or `$name`. As in
// nginx a number is one digit: `$10` is `$1` and a 0. The characters are those that ingress-nginx takes; what begins
// with neither "/" nor a group could not be asked for.

import { bad, good, type Parse } from './parsed.ts';
import { isNormalPath } from './path.ts';

/** Literal text, and references to groups. */
export type RewriteTarget = readonly (string | GroupReference)[];

export interface GroupReference {
  /** `1` … `9`, or a name. */
  readonly group: string;
}

export const rewriteTarget: Parse<RewriteTarget> = (given) => {
  if (/^https?:\/\//.test(given)) return bad('a path is expected: rewrites to other sites are not supported');
  if (
    given.length > 1024 ||
    !/^(?=[/$])(?:[A-Za-z0-9._~/:-]|\$(?:[1-9]|[A-Za-z_][A-Za-z0-9_]{0,30}))+$/.test(given)
  )
    return bad('a path of letters, digits and "-._~/:" is expected, with $1 … $9 for what groups match');
  const parts = given.split(/(\$(?:[1-9]|[A-Za-z_][A-Za-z0-9_]*))/).filter((part) => part !== '');
  return good(parts.map((part) => (part.startsWith('$') ? { group: part.slice(1) } : part)));
};

/** As the annotation has it. */
export function targetText(target: RewriteTarget): string {
  return target.map((part) => (typeof part === 'string' ? part : `$${part.group}`)).join('');
}

/** Where requests for `/` are redirected to: no references, no query, and not `/` again in whatever writing. */
export const appRoot: Parse<string> = (given) =>
  /^\/[A-Za-z0-9._~/:-]{1,1023}$/.test(given) && isNormalPath(given)
    ? good(given)
    : bad('a path of letters, digits and "-._~/:" that starts with "/" is expected, other than "/"');
