// Hosts whose paths are regular expressions, as documents.

import type { Document, HostBody, RegexBody, RewriteBody, RouteBody } from '../../../src/model/document.ts';
import { pathPattern } from '../../../src/options/grammar/path-pattern.ts';
import { makeDocument, route } from './documents.ts';

/** Paths in the order in which they are asked → route keys. */
export function regexHost(
  id: string,
  paths: readonly (readonly [path: string, route: string])[],
  more: Partial<HostBody> = {},
): Document {
  const regex = paths.map(([path, key]): RegexBody => {
    const reading = pathPattern(path);
    if (!reading.ok) return { literal: path.replace(/[([].*/, ''), pattern: path, route: key };
    const { literal, plain } = reading.value;
    return { literal, ...(plain ? {} : { pattern: path }), route: key };
  });
  return makeDocument('host', id, { exact: {}, prefix: {}, regex, ...more });
}

/** `target` as the annotation has it. */
export function rewritten(id: string, pattern: string, target: string, prefix?: string): Document {
  return route(id, 'b', { rewrite: rewriteOf(pattern, target, prefix) });
}

export function rewriteOf(pattern: string, target: string, prefix?: string): RewriteBody {
  const parts = (text: string) =>
    text
      .split(/(\$[1-9])/)
      .flatMap((part) => (part === '' ? [] : [part.startsWith('$') ? Number(part[1]) : part]));
  return {
    pattern,
    target: parts(target),
    ...(prefix === undefined ? {} : { forwardedPrefix: parts(prefix) }),
  };
}

export function routesTo(ids: readonly string[], body: Partial<RouteBody> = {}): readonly Document[] {
  return ids.map((id) => route(id, 'b', body));
}
