// Bytes of batches back to batches: the reader of snapshots and journals, the other half of `encodeBatch`. It reads
// as far as all is proven by its trailer, and says how far that was and why it stopped.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Batch } from '../../model/batch.ts';
import { DOCUMENT_KINDS, type Document, type DocumentBody, documentKey } from '../../model/document.ts';

export interface Decoded {
  readonly batches: readonly Batch[];
  /** Where each of them ends, in bytes. */
  readonly ends: readonly number[];
  /** Bytes that hold `batches`; after them stands what could not be read. */
  readonly length: number;
  /** Null: everything was read. `torn`: the bytes end inside a batch. `garbled`: they are not what was written. */
  readonly problem: { readonly kind: 'torn' | 'garbled'; readonly message: string } | null;
}

const count = z.int().nonnegative();
const version = z.strictObject({ epoch: count, generation: count });
const header = z.strictObject({
  v: z.literal(1),
  type: z.enum(['full', 'delta']),
  epoch: count,
  generation: count,
  base: version.optional(),
  documents: count,
  removals: count,
  state: z.string(),
});
const key = { v: z.literal(1), kind: z.enum(DOCUMENT_KINDS), id: z.string() };
/** As it was written: an object schema would leave out a key `__proto__`, which a header may be named. */
const body = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const put = z.strictObject({ ...key, digest: z.string().regex(/^[0-9a-f]{32}$/), body });
const removal = z.strictObject({ ...key, removed: z.literal(true) });

const NEWLINE = 10;

export function decodeBatches(source: string | Uint8Array): Decoded {
  const bytes =
    typeof source === 'string'
      ? Buffer.from(source)
      : Buffer.from(source.buffer, source.byteOffset, source.length);
  const batches: Batch[] = [];
  const ends: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const one = decodeOne(bytes, at);
    if ('kind' in one) return { batches, ends, length: at, problem: one };
    batches.push(one.batch);
    at = one.end;
    ends.push(at);
  }
  return { batches, ends, length: at, problem: null };
}

function decodeOne(
  bytes: Buffer,
  start: number,
): { batch: Batch; end: number } | NonNullable<Decoded['problem']> {
  const first = lineAt(bytes, start);
  if (first === null) return torn(start);
  const head = header.safeParse(parse(first.text)).data;
  if (head === undefined || (head.base === undefined) !== (head.type === 'full')) {
    return garbled(start, 'does not begin with the header of a batch');
  }
  const lines: string[] = [];
  let at = first.end;
  for (let left = head.documents + head.removals; left > 0; left -= 1) {
    const line = lineAt(bytes, at);
    if (line === null) return torn(start);
    lines.push(line.text);
    at = line.end;
  }
  const trailer = lineAt(bytes, at);
  if (trailer === null) return torn(start);
  const sum = createHash('md5').update(bytes.subarray(start, at)).digest('hex');
  if (trailer.text !== `{"end":"${sum}"}`)
    return garbled(start, 'does not have the checksum that its last line says');
  const documents = lines.slice(0, head.documents).map(toDocument);
  const removals = lines.slice(head.documents).map((line) => removal.safeParse(parse(line)).data);
  if (documents.includes(null) || removals.includes(undefined))
    return garbled(start, 'holds a line of unknown form');
  return {
    batch: {
      type: head.type,
      version: { epoch: head.epoch, generation: head.generation },
      base: head.base ?? null,
      state: head.state,
      put: documents.filter((document) => document !== null),
      remove: removals.filter((one) => one !== undefined).map(documentKey),
    },
    end: trailer.end,
  };
}

function toDocument(line: string): Document | null {
  const parsed = put.safeParse(parse(line)).data;
  if (parsed === undefined) return null;
  // The checksum says that this is what a controller once wrote; the receiver refuses a body that it does not know.
  const body = parsed.body as unknown as DocumentBody;
  return { kind: parsed.kind, id: parsed.id, digest: parsed.digest, body, line };
}

function lineAt(bytes: Buffer, start: number): { text: string; end: number } | null {
  const end = bytes.indexOf(NEWLINE, start);
  return end < 0 ? null : { text: bytes.toString('utf8', start, end), end: end + 1 };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function torn(at: number): NonNullable<Decoded['problem']> {
  return { kind: 'torn', message: `the batch at byte ${at} is cut off` };
}

function garbled(at: number, what: string): NonNullable<Decoded['problem']> {
  return { kind: 'garbled', message: `the batch at byte ${at} ${what}` };
}
