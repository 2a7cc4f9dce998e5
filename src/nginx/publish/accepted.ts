// From changes to versions: what is accepted, each step numbered, written to disk and named by the digest of the set
// it leads to.

import { type Batch, encodeBatch, type Version } from '../../model/batch.ts';
import { type Document, type DocumentKey, documentKey } from '../../model/document.ts';
import type { DocumentChange } from '../../model/plan.ts';
import { nextStateDigest, stateDigest } from '../../plan/state-digest.ts';
import { type AppendOutcome, type DocumentStore, inOrder, md5 } from '../state/document-store.ts';

export interface Accepted {
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  /** Digest of that set. */
  state(): string;
  version(): Version;
  /** The next version; a full batch when nothing can be followed. */
  accept(change: DocumentChange): Promise<AppendOutcome>;
  /** The same set as one full batch, under the next version. */
  acceptFull(): Promise<AppendOutcome>;
  /**
   * Undoes the last change, which nginx refused. As a new snapshot: a start of nginx would refuse that change as well
   * and read no further in a journal that has it. When this fails, the change counts until the next one is accepted.
   */
  takeBack(back: DocumentChange): Promise<AppendOutcome | { readonly outcome: 'retracted' }>;
  /** Bytes that change nothing but the number, for an instance that has the same set under the version `base`. */
  renumber(base: Version): string;
  /** Bytes of a change from the version `base` to the last one accepted. */
  follow(base: Version, change: DocumentChange): string;
  /** Starts over from no documents. */
  forget(): void;
}

export function createAccepted(store: DocumentStore, epoch: () => number): Accepted {
  const { documents } = store;
  let state = stateDigest(documents.values());
  let startOver = documents.size === 0;
  /** The last batch was the first after starting over. */
  let fresh = false;
  /** The journal ends in a change that nginx refuses. */
  let spoiled = false;

  async function accept(change: DocumentChange): Promise<AppendOutcome> {
    if (startOver || spoiled) return await write(fullBatch(after(documents, change)));
    const version = next();
    const batch = {
      type: 'delta',
      version,
      base: store.version(),
      state: nextStateDigest(state, documents, change),
      ...change,
    } as const;
    return await write(batch);
  }

  async function write(batch: Batch): Promise<AppendOutcome> {
    const written = await store.append(batch);
    if (written.outcome === 'failed') return written;
    state = batch.state;
    fresh = startOver;
    startOver = false;
    spoiled = false;
    return written;
  }

  function fullBatch(set: ReadonlyMap<DocumentKey, Document>): Batch {
    return {
      type: 'full',
      version: next(),
      base: null,
      state: stateDigest(set.values()),
      put: inOrder(set),
      remove: [],
    };
  }

  function next(): Version {
    const last = store.version();
    return last.epoch === epoch()
      ? { ...last, generation: last.generation + 1 }
      : { epoch: epoch(), generation: 1 };
  }

  return {
    documents,
    state: () => state,
    version: store.version,
    accept,
    acceptFull: () => write(fullBatch(documents)),
    async takeBack(back) {
      if (!fresh) {
        const undone = await write(fullBatch(after(documents, back)));
        spoiled = undone.outcome === 'failed';
        return undone;
      }
      // The undo of everything would leave an empty set on disk, where there may have been one worth keeping.
      const retracted = await store.retract();
      if (retracted.outcome === 'failed') return retracted;
      forget();
      return { outcome: 'retracted' };
    },
    renumber: (base) => follow(base, { put: [], remove: [] }),
    follow,
    forget,
  };

  function follow(base: Version, change: DocumentChange): string {
    return encodeBatch({ type: 'delta', version: store.version(), base, state, ...change }, md5);
  }

  function forget(): void {
    store.forget();
    state = stateDigest([]);
    startOver = true;
  }
}

/** Applies one change and then another. */
export function compose(first: DocumentChange, then: DocumentChange): DocumentChange {
  const later = new Set([...then.put.map(documentKey), ...then.remove]);
  return {
    put: [...first.put.filter((document) => !later.has(documentKey(document))), ...then.put],
    remove: [...first.remove.filter((key) => !later.has(key)), ...then.remove],
  };
}

function after(
  documents: ReadonlyMap<DocumentKey, Document>,
  change: DocumentChange,
): ReadonlyMap<DocumentKey, Document> {
  const set = new Map(documents);
  for (const document of change.put) set.set(documentKey(document), document);
  for (const key of change.remove) set.delete(key);
  return set;
}
