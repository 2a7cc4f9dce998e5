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
    const snapshot = bytes === null ? 'is missing' : readSnapshot(bytes);
    if (typeof snapshot === 'string') {
      notes.push(`documents/${snapshotName(pair)} ${snapshot}; it is left out.`);
      unreadable.push(pair);
      continue;
    }
    if (unreadable.length > 0) notes.push(`The older documents/${snapshotName(pair)} is used instead.`);
    const documents = new Map(snapshot.put.map((document) => [documentKey(document), document]));
    const read = await readJournals(folder, [pair, ...unreadable.toReversed()], documents, snapshot);
    notes.push(...read.notes);
    const { version, state } = read.last;
    const sizes = { snapshotSize: bytes?.length ?? 0, journalSize: read.size };
    return { documents, version, state, pair, ...sizes, unreadable, notes };
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

/**
 * The journals of pairs, oldest first, up to the first that cannot be read to its end. A snapshot holds what the
 * journal before it led to, so when it is lost, its journal goes on from there.
 */
async function readJournals(
  folder: string,
  pairs: readonly number[],
  documents: Map<DocumentKey, Document>,
  snapshot: Batch,
): Promise<{ last: Batch; size: number; notes: readonly string[] }> {
  let last = snapshot;
  let size = 0;
  for (const pair of pairs) {
    const bytes = await readOrNull(join(folder, journalName(pair)));
    const read = applyJournal(documents, last, bytes ?? new Uint8Array());
    last = read.last;
    if (pair === pairs[0]) size = read.length;
    if (read.problem === null) continue;
    return { last, size, notes: [`documents/${journalName(pair)}: ${read.problem}; it counts up to there.`] };
  }
  return { last, size, notes: [] };
}

function applyJournal(
  documents: Map<DocumentKey, Document>,
  start: Batch,
  bytes: Uint8Array,
): { last: Batch; length: number; problem: string | null } {
  const decoded = decodeBatches(bytes);
  let last = start;
  for (const [index, batch] of decoded.batches.entries()) {
    if (compareVersions(batch.version, last.version) <= 0) continue;
    if (batch.base === null || compareVersions(batch.base, last.version) !== 0) {
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
