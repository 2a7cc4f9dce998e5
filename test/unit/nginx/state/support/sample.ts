// Small documents and batches that are right in every byte, and a folder to keep them in.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch, Version } from '../../../../../src/model/batch.ts';
import { type Document, type DocumentKind, documentKey } from '../../../../../src/model/document.ts';

export function document(kind: DocumentKind, id: string, body: object): Document {
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, id, body]))
    .digest('hex')
    .slice(0, 32);
  const line = JSON.stringify({ body, digest, id, kind, v: 1 });
  return { kind, id, digest, body: body as Document['body'], line };
}

export function backend(id: string, port: number): Document {
  return document('backend', id, { algorithm: 'round_robin', endpoints: [{ address: '127.0.0.1', port }] });
}

export function full(version: Version, put: readonly Document[], state = 'aa'): Batch {
  return { type: 'full', version, base: null, state, put, remove: [] };
}

export function delta(
  base: Version,
  put: readonly Document[],
  remove: readonly Document[] = [],
  state = 'bb',
): Batch {
  const version = { ...base, generation: base.generation + 1 };
  return { type: 'delta', version, base, state, put, remove: remove.map(documentKey) };
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** Of the documents, what tells two sets apart. */
export function lines(documents: ReadonlyMap<unknown, Document>): readonly string[] {
  return [...documents.values()].map((one) => one.line).sort();
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'state-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
