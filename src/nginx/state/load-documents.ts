// The accepted documents as they are on disk: the newest snapshot that proves whole, then the deltas of its journal
// as long as each proves whole and follows the one before. The same rules as nginx's own loading at its start,
// so both come to the same documents. Nothing is written here.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Batch, compareVersions, type Version } from '../../model/batch.ts';
import { type Document, type DocumentKey, documentKey } from '../../model/document.ts';
import { decodeBatches } from './decode-batch.ts';

export interface LoadedDocuments {
  readonly documents: Map<DocumentKey, Document>;
  /** Zeros when there is nothing on disk. */
  readonly version: Version;
  /** The state digest that the last batch names; `''` when there is none. */
  readonly state: string;
  /** Number of the pair they come from; null when there is none. */
  readonly pair: number | null;
  readonly snapshotSize: number;
  /** Bytes of the journal that count. */
  readonly journalSize: number;
  /** Newer pairs than that one, whose snapshot cannot be read; newest first. */
  readonly unreadable: readonly number[];
  /** What was found wrong, one sentence each. */
  readonly notes: readonly string[];
}

export const NOTHING: Version = { epoch: 0, generation: 0 };

export function snapshotName(pair: number): string {
  return `${String(pair).padStart(6, '0')}.snapshot`;
}

export function journalName(pair: number): string {
  return `${String(pair).padStart(6, '0')}.journal`;
}

/** Numbers of the pairs in the folder, newest first. */
export async function listPairs(folder: string): Promise<readonly number[]> {
  const numbers = (await readdir(folder)).map((name) => /^(\d{6,12})\.(?:snapshot|journal)$/.exec(name)?.[1]);
  return [...new Set(numbers.filter((number) => number !== undefined).map(Number))].sort((a, b) => b - a);
}

/** Throws what the file system throws, but for files that are not there. */
export async function loadDocuments(folder: string): Promise<LoadedDocuments> {
  const pairs = await listPairs(folder);
  const notes: string[] = [];
  const unreadable: number[] = [];
  for (const pair of pairs) {
    const bytes = await readOrNull(join(folder, snapshotName(pair)));
    const snapshot = bytes === null ? null : readSnapshot(bytes);
    if (snapshot === null || typeof snapshot === 'string') {
      unreadable.push(pair);
      notes.push(`documents/${snapshotName(pair)} ${snapshot ?? 'is missing'}; it is left out.`);
      continue;
    }
    if (notes.length > 0)
      notes.push(`The documents of documents/${snapshotName(pair)} and its journal are used instead.`);
    const journal = await readOrNull(join(folder, journalName(pair)));
    const documents = new Map(snapshot.put.map((document) => [documentKey(document), document]));
    const { last, length, problem } = applyJournal(documents, snapshot, journal ?? new Uint8Array());
    if (problem !== null) notes.push(`documents/${journalName(pair)}: ${problem}; what follows is dropped.`);
    const sizes = { snapshotSize: bytes?.length ?? 0, journalSize: length };
    return { documents, version: last.version, state: last.state, pair, ...sizes, unreadable, notes };
  }
  if (notes.length > 0) notes.push('No snapshot of the documents can be read: starting without any.');
  const documents = new Map<DocumentKey, Document>();
  return {
    documents,
    version: NOTHING,
    state: '',
    pair: null,
    snapshotSize: 0,
    journalSize: 0,
    unreadable,
    notes,
  };
}

/** Puts a delta in force, or a full batch as a whole. */
export function applyBatch(documents: Map<DocumentKey, Document>, batch: Batch): void {
  if (batch.type === 'full') documents.clear();
  for (const document of batch.put) documents.set(documentKey(document), document);
  for (const key of batch.remove) documents.delete(key);
}

function readSnapshot(bytes: Uint8Array): Batch | string {
  const { batches, problem } = decodeBatches(bytes);
  if (problem !== null) return `cannot be read (${problem.message})`;
  const [first, second] = batches;
  if (first === undefined) return 'is empty';
  return first.type === 'full' && second === undefined ? first : 'is not one full batch';
}

function applyJournal(
  documents: Map<DocumentKey, Document>,
  snapshot: Batch,
  bytes: Uint8Array,
): { last: Batch; length: number; problem: string | null } {
  const decoded = decodeBatches(bytes);
  let last = snapshot;
  for (const [index, batch] of decoded.batches.entries()) {
    const follows = batch.base !== null && compareVersions(batch.base, last.version) === 0;
    if (!follows || compareVersions(batch.version, last.version) <= 0) {
      const length = decoded.ends[index - 1] ?? 0;
      return { last, length, problem: `the batch at byte ${length} does not follow the one before` };
    }
    applyBatch(documents, batch);
    last = batch;
  }
  return { last, length: decoded.length, problem: decoded.problem?.message ?? null };
}

async function readOrNull(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
