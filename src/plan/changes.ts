// What differs between the documents in force and those that are wanted, in the order in which it may be put in
// force: what is referred to before what refers to it, removals the other way.

import { DOCUMENT_KINDS, type Document, type DocumentKey, documentKey } from '../model/document.ts';
import type { Applied, DocumentChange } from '../model/plan.ts';

export function documentChange(
  applied: ReadonlyMap<DocumentKey, Document>,
  wanted: ReadonlyMap<DocumentKey, Document>,
): DocumentChange {
  const put: Document[] = [];
  for (const [key, document] of wanted) {
    const known = applied.get(key);
    if (known !== document && known?.digest !== document.digest) put.push(document);
  }
  const remove: Document[] = [];
  for (const [key, document] of applied) if (!wanted.has(key)) remove.push(document);
  return { put: put.sort(byKind), remove: remove.sort(byKind).reverse().map(documentKey) };
}

/** What is in force once a change is. */
export function settle(applied: Applied, change: DocumentChange): Applied {
  const documents = new Map(applied.documents);
  for (const document of change.put) documents.set(documentKey(document), document);
  for (const key of change.remove) documents.delete(key);
  return { ...applied, documents };
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
