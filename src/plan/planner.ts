// From what is in force and what is wanted to what must be done, with all its reasons. Compares digests of documents
// and of files, nothing else; performs nothing. It remembers which documents were found to differ, so that a plan costs
// what moved since the one before it, on either side.

import type { Document, DocumentKey } from '../model/document.ts';
import { forgetful } from '../model/forgetful.ts';
import type { RouteId } from '../model/model.ts';
import { mapChanges } from '../model/patched-map.ts';
import type { Applied, DocumentChange, Plan } from '../model/plan.ts';
import type { Rendered } from '../model/rendered.ts';
import { routeIdOf } from '../render/route-key.ts';
import { inOrder, isEmptyChange } from './changes.ts';
import { planCompile } from './compile.ts';
import { createRetention } from './retention.ts';
import { changeReasons } from './sentences.ts';

type Documents = ReadonlyMap<DocumentKey, Document>;

/** Its answers are those of a fresh one. */
export function createPlanner(): (applied: Applied, rendered: Rendered) => Plan {
  return forgetful(remembering);
}

function remembering(): (applied: Applied, rendered: Rendered) => Plan {
  const retain = createRetention();
  const differing = new Set<DocumentKey>();
  const routes = new Map<RouteId, number>();
  let applied: Documents = new Map();
  let rendered: Documents = new Map();
  let retained: Documents = new Map();

  return (current, wanted) => {
    const change = compare(current.documents, wanted.documents, retain(current, wanted.documents));
    const reasons = changeReasons(current.documents, change, (id) => routes.has(id));
    const compile = planCompile(current, wanted);
    if (compile !== null) {
      return { kind: 'push+compile', reasons: [...reasons, ...compile.reasons], change, compile };
    }
    return isEmptyChange(change) ? { kind: 'nothing', reasons: [] } : { kind: 'push', reasons, change };
  };

  function compare(inForce: Documents, documents: Documents, staying: Documents): DocumentChange {
    const keys = new Set(differing);
    for (const { key } of mapChanges(applied, inForce)) keys.add(key);
    for (const { key } of mapChanges(retained, staying)) keys.add(key);
    for (const { key, before, after } of mapChanges(rendered, documents)) {
      keys.add(key);
      count(before, -1);
      count(after, 1);
    }
    [applied, rendered, retained] = [inForce, documents, staying];
    differing.clear();
    const put: Document[] = [];
    const remove: Document[] = [];
    for (const key of keys) {
      const is = inForce.get(key);
      const shall = staying.get(key) ?? documents.get(key);
      if (is?.digest === shall?.digest) continue;
      differing.add(key);
      if (shall !== undefined) put.push(shall);
      else if (is !== undefined) remove.push(is);
    }
    return inOrder(put, remove);
  }

  function count(document: Document | undefined, by: 1 | -1): void {
    if (document?.kind !== 'route') return;
    const id = routeIdOf(document.id);
    const number = (routes.get(id) ?? 0) + by;
    if (number === 0) routes.delete(id);
    else routes.set(id, number);
  }
}
