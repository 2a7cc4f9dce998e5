// A change of documents in the order in which it may be put in force: what is referred to before what refers to it,
// removals the other way; and what is in force after it.

import { DOCUMENT_KINDS, type Document, documentKey } from '../model/document.ts';
import { patchMap } from '../model/patched-map.ts';
import type { Applied, DocumentChange } from '../model/plan.ts';

/** @param remove what is in force of it. */
export function inOrder(put: readonly Document[], remove: readonly Document[]): DocumentChange {
  return { put: put.toSorted(byKind), remove: remove.toSorted(byKind).reverse().map(documentKey) };
}

/** What is in force once a change is. */
export function settle(applied: Applied, change: DocumentChange): Applied {
  const put = change.put.map((document) => [documentKey(document), document] as const);
  const removed = change.remove.map((key) => [key, undefined] as const);
  return { ...applied, documents: patchMap(applied.documents, [...put, ...removed]) };
}

export function isEmptyChange(change: DocumentChange): boolean {
  return change.put.length === 0 && change.remove.length === 0;
}

export function byKind(a: Document, b: Document): number {
  return RANK[a.kind] - RANK[b.kind] || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

const RANK = Object.fromEntries(DOCUMENT_KINDS.map((kind, rank) => [kind, rank])) as Record<
  Document['kind'],
  number
>;
