// The accepted documents, in memory and on disk: each batch is written before anybody is told of it. A delta is
// appended to the journal; a full batch begins a new pair of snapshot and journal, and so does compaction.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Batch, compareVersions, encodeBatch, type Version } from '../../model/batch.ts';
import { DOCUMENT_KINDS, type Document, type DocumentKey } from '../../model/document.ts';
import { syncFolder, writeDurably } from './durable.ts';
import { type Journal, openJournal } from './journal.ts';
import { applyBatch, journalName, listPairs, loadDocuments, snapshotName } from './load-documents.ts';

export interface DocumentStore {
  /** Live: it changes with each `append`. */
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  /** Of the last batch accepted; zeros before the first. */
  readonly version: () => Version;
  /** What loading found wrong, in sentences. */
  readonly notes: readonly string[];
  /** A delta must have the last accepted version as its base; the first batch of all must be full. */
  append(batch: Batch): Promise<AppendOutcome>;
  /** A new pair, when the journal has outgrown the snapshot. */
  compact(): Promise<AppendOutcome | { readonly outcome: 'unneeded' }>;
  /** Takes the pair of the last append of a full batch away again; the pair of before is the newest then. */
  retract(): Promise<
    { readonly outcome: 'retracted' } | { readonly outcome: 'failed'; readonly message: string }
  >;
  /** Starts over from no documents: the next batch must be full. The disk keeps what it has until then. */
  forget(): void;
  close(): Promise<void>;
}

export type AppendOutcome =
  /** `text`: the bytes of the batch, as they are sent. */
  | { readonly outcome: 'written'; readonly text: string }
  /** Nothing has changed, in memory or for the next reader of the disk. */
  | { readonly outcome: 'failed'; readonly message: string };

export interface DocumentStoreOptions {
  readonly folder: string;
  /** Bytes below which a journal is never compacted. */
  readonly compactAbove: number;
  readonly warn: (message: string) => void;
}

/** Throws what the file system throws. */
export async function openDocumentStore({
  folder,
  compactAbove,
  warn,
}: DocumentStoreOptions): Promise<DocumentStore> {
  const loaded = await loadDocuments(folder);
  const { documents } = loaded;
  let { version, state, pair, snapshotSize } = loaded;
  // After a loss nothing is appended to what is left: it all goes into a new pair.
  const whole = loaded.unreadable.length === 0;
  let journal = pair === null || !whole ? null : await journalOf(pair, loaded.journalSize);
  let forgotten = pair === null;
  let previous: Previous | null = null;
  if (!whole && !forgotten) {
    const rewritten = await rewrite();
    if (rewritten.outcome === 'failed') warn(`the documents could not be written anew: ${rewritten.message}`);
  }

  async function append(batch: Batch): Promise<AppendOutcome> {
    const follows = !forgotten && batch.base !== null && compareVersions(batch.base, version) === 0;
    if (batch.type === 'delta' && !follows) throw new Error('a delta must follow the last accepted batch');
    const text = encodeBatch(batch, md5);
    try {
      if (batch.type === 'full') await writePair(text);
      else if (journal === null || journal.broken())
        await writePair(encodeBatch(fullAfter(documents, batch), md5));
      else await journal.append(text);
    } catch (error) {
      return { outcome: 'failed', message: (error as Error).message };
    }
    applyBatch(documents, batch);
    ({ version, state } = batch);
    forgotten = false;
    return { outcome: 'written', text };
  }

  async function compact(): Promise<AppendOutcome | { readonly outcome: 'unneeded' }> {
    const outgrown = journal !== null && journal.size() > Math.max(snapshotSize, compactAbove);
    return outgrown && !forgotten ? await rewrite() : { outcome: 'unneeded' };
  }

  async function rewrite(): Promise<AppendOutcome> {
    if (forgotten) return { outcome: 'failed', message: 'there are no documents' };
    const text = encodeBatch(
      { type: 'full', version, base: null, state, put: inOrder(documents), remove: [] },
      md5,
    );
    try {
      await writePair(text);
      return { outcome: 'written', text };
    } catch (error) {
      return { outcome: 'failed', message: (error as Error).message };
    }
  }

  /** When it throws, the pair of before is still the newest. What fails after the snapshot is whole does not matter. */
  async function writePair(text: string): Promise<void> {
    const next = ((await listPairs(folder))[0] ?? 0) + 1;
    // The pair of before is what a reader falls back to, so all of it has to be on the disk as well.
    await journal?.sync().catch(syncFailed);
    const path = join(folder, snapshotName(next));
    try {
      await writeDurably(path, text, 0o600);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    const before = { pair, journal };
    previous = { pair, snapshotSize, journalSize: journal?.size() ?? 0, version, state };
    [pair, snapshotSize, journal] = [next, Buffer.byteLength(text), null];
    try {
      await before.journal?.close();
      journal = await journalOf(next, 0);
      await syncFolder(folder);
      await removeOthers([next, before.pair]);
    } catch (error) {
      // Without a journal the next batch becomes a snapshot as well.
      warn(`a new journal of the documents could not be begun: ${(error as Error).message}`);
    }
  }

  async function retract(): ReturnType<DocumentStore['retract']> {
    if (previous === null || pair === null) throw new Error('there is nothing to take back');
    try {
      await journal?.close();
      journal = null;
      // In this order: a snapshot without its journal is whole, a journal without its snapshot is not.
      await rm(join(folder, journalName(pair)), { force: true });
      await rm(join(folder, snapshotName(pair)), { force: true });
      await syncFolder(folder);
      const { journalSize } = previous;
      ({ pair, snapshotSize, version, state } = previous);
      previous = null;
      if (pair !== null) journal = await journalOf(pair, journalSize);
      return { outcome: 'retracted' };
    } catch (error) {
      return { outcome: 'failed', message: (error as Error).message };
    }
  }

  async function removeOthers(kept: readonly (number | null)[]): Promise<void> {
    for (const number of await listPairs(folder)) {
      if (kept.includes(number)) continue;
      await rm(join(folder, snapshotName(number)), { force: true });
      await rm(join(folder, journalName(number)), { force: true });
    }
  }

  function journalOf(number: number, size: number): Promise<Journal> {
    return openJournal({ path: join(folder, journalName(number)), size, onSyncError: syncFailed });
  }

  function syncFailed(error: Error): void {
    warn(`the journal of the documents did not reach the disk: ${error.message}`);
  }

  return {
    documents,
    version: () => version,
    notes: loaded.notes,
    append,
    compact,
    retract,
    forget() {
      documents.clear();
      forgotten = true;
    },
    async close() {
      await journal?.close();
      journal = null;
    },
  };
}

interface Previous {
  readonly pair: number | null;
  readonly snapshotSize: number;
  readonly journalSize: number;
  readonly version: Version;
  readonly state: string;
}

/** Documents in the order in which they are put in force. */
export function inOrder(documents: ReadonlyMap<DocumentKey, Document>): readonly Document[] {
  const rank = new Map(DOCUMENT_KINDS.map((kind, index) => [kind, index]));
  const at = (document: Document) => rank.get(document.kind) ?? 0;
  return [...documents.values()].sort((a, b) => at(a) - at(b) || (a.id < b.id ? -1 : 1));
}

function fullAfter(documents: ReadonlyMap<DocumentKey, Document>, batch: Batch): Batch {
  const after = new Map(documents);
  applyBatch(after, batch);
  return { ...batch, type: 'full', base: null, put: inOrder(after), remove: [] };
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
