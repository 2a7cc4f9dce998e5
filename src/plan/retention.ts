// Old keys of routes that nginx still runs: a compiled location names the key that it was cut with, so until the
// new cut is proven the old key stays, with the new route's values.

import { type Document, type DocumentKey, documentKey } from '../model/document.ts';
import type { Applied, AppliedFiles } from '../model/plan.ts';
import type { Rendered } from '../model/rendered.ts';
import { makeDocument } from '../render/document.ts';
import { routeIdOf } from '../render/route-key.ts';

/** The rendered documents and beside them the old keys that must stay. */
export function withRetained(applied: Applied, rendered: Rendered): ReadonlyMap<DocumentKey, Document> {
  const orphans = [...applied.documents.values()].filter(
    (document) => document.kind === 'route' && !rendered.documents.has(documentKey(document)),
  );
  if (orphans.length === 0) return rendered.documents;
  const live = new Set([...keysIn(applied.files), ...keysIn(applied.compiling)]);
  const successors = new Map<string, Document>();
  for (const document of rendered.documents.values()) {
    if (document.kind === 'route') successors.set(routeIdOf(document.id), document);
  }
  const retained = new Map(rendered.documents);
  for (const orphan of orphans) {
    const successor = successors.get(routeIdOf(orphan.id));
    if (successor === undefined || !live.has(orphan.id)) continue;
    const document = makeDocument('route', orphan.id, successor.body);
    retained.set(documentKey(document), document);
  }
  return retained;
}

function* keysIn(files: AppliedFiles | null): Generator<string> {
  for (const keys of files?.compiled.values() ?? []) yield* keys.values();
}
