// What documents need besides the rendered ones while nginx runs files of other paths. A compiled location names the
// key that it was cut with, so until the new cut is proven the old key stays, with the new route's values. And while
// the servers of a host are of other paths than its document, every key that they name says so (`stale`): the balancer
// then asks the router, so that a new path, above all a gated one, is in force with the push.

import { type Document, type DocumentKey, documentKey, type RouteBody } from '../model/document.ts';
import type { Applied, AppliedFiles } from '../model/plan.ts';
import type { Rendered } from '../model/rendered.ts';
import { makeDocument } from '../render/document.ts';
import { routeIdOf } from '../render/route-key.ts';
import { namesExactly, wantedKeys } from './wanted-keys.ts';

/** The rendered documents, with the old keys that must stay and the marks of those that are out of date. */
export function withRetained(applied: Applied, rendered: Rendered): ReadonlyMap<DocumentKey, Document> {
  const { documents } = rendered;
  const stale = staleKeys(applied, documents);
  if (stale.size === 0) return documents;
  const successors = new Map<string, Document>();
  for (const document of documents.values()) {
    if (document.kind === 'route') successors.set(routeIdOf(document.id), document);
  }
  const retained = new Map(documents);
  for (const key of stale) {
    const successor = documents.get(`route:${key}`) ?? successors.get(routeIdOf(key));
    if (successor === undefined) continue;
    const document = makeDocument('route', key, { ...(successor.body as RouteBody), stale: true });
    retained.set(documentKey(document), document);
  }
  return retained;
}

/** Keys that live files, or those under way, name for hosts whose paths are others now. */
function staleKeys(applied: Applied, documents: ReadonlyMap<DocumentKey, Document>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const files of [applied.files, applied.compiling]) {
    for (const [host, named] of compiledOf(files)) {
      const wanted = wantedKeys(host, documents);
      if (wanted !== null && namesExactly(named, wanted)) continue;
      for (const key of named.values()) keys.add(key);
    }
  }
  return keys;
}

function compiledOf(files: AppliedFiles | null): AppliedFiles['compiled'] {
  return files?.compiled ?? new Map();
}
