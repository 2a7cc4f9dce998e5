// A digest of a set of documents that can be carried along with its changes: XOR of one digest for each document,
// so the order does not matter and a change costs what changed.

import { type Document, type DocumentKey, documentKey } from '../model/document.ts';
import type { DocumentChange } from '../model/plan.ts';
import { digest } from '../render/digest.ts';

/** 32 hex digits; zeros for the empty set. */
export function stateDigest(documents: Iterable<Document>): string {
  let state = 0n;
  for (const document of documents) state ^= share(document);
  return hex(state);
}

/** @param before the documents to which the change applies, whose digest is `state`. */
export function nextStateDigest(
  state: string,
  before: ReadonlyMap<DocumentKey, Document>,
  change: DocumentChange,
): string {
  let next = BigInt(`0x${state}`);
  const leave = (key: DocumentKey): void => {
    const document = before.get(key);
    if (document !== undefined) next ^= share(document);
  };
  for (const document of change.put) {
    leave(documentKey(document));
    next ^= share(document);
  }
  for (const key of change.remove) leave(key);
  return hex(next);
}

/** Digest of `kind:id:digest`, as a number of 128 bits. */
function share(document: Document): bigint {
  const known = shares.get(document);
  if (known !== undefined) return known;
  const number = BigInt(`0x${digest(`${documentKey(document)}:${document.digest}`)}`);
  shares.set(document, number);
  return number;
}

const shares = new WeakMap<Document, bigint>();

function hex(state: bigint): string {
  return state.toString(16).padStart(32, '0');
}
