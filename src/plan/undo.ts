// The way back: the change that restores what was in force before another change, for a receiver that refuses it
// after it was written down.

import { type Document, type DocumentKey, documentKey } from '../model/document.ts';
import type { DocumentChange } from '../model/plan.ts';
import { byKind } from './changes.ts';

/** @param before the documents as they were before `change`. */
export function undo(before: ReadonlyMap<DocumentKey, Document>, change: DocumentChange): DocumentChange {
  const touched = [...change.put.map(documentKey), ...change.remove];
  const put = touched.map((key) => before.get(key)).filter((document) => document !== undefined);
  const added = change.put.filter((document) => !before.has(documentKey(document)));
  return { put: put.sort(byKind), remove: added.sort(byKind).reverse().map(documentKey) };
}
