// What is remembered of a proven generation of files, beside them: `AppliedFiles`, the digest of each text and its
// place in the order of generations. The checksum is over the content's own bytes, so a changed bit shows.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AppliedFiles } from '../../model/plan.ts';

export interface Manifest {
  readonly files: AppliedFiles;
  /** Path below the prefix → SHA-256 of the text, as hex. */
  readonly texts: ReadonlyMap<string, string>;
  /** Counts the generations ever proven; the highest is the newest. */
  readonly sequence: number;
}

const strings = z.record(z.string(), z.string());
const content = z.strictObject({
  sequence: z.int().nonnegative(),
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  texts: strings,
  sections: strings,
  compiled: z.record(z.string(), strings),
  terms: strings.default({}),
});
const envelope = z.strictObject({ v: z.literal(1), sha256: z.string(), content: z.string() });

export function encodeManifest({ files, texts, sequence }: Manifest): string {
  const inner = JSON.stringify({
    sequence,
    digest: files.digest,
    texts: Object.fromEntries(texts),
    sections: Object.fromEntries(files.sections),
    compiled: Object.fromEntries(
      [...files.compiled].map(([host, routes]) => [host, Object.fromEntries(routes)]),
    ),
    terms: Object.fromEntries(files.terms ?? []),
  });
  return `${JSON.stringify({ v: 1, sha256: sha256(inner), content: inner })}\n`;
}

/** Null when it is not what `encodeManifest` wrote. */
export function decodeManifest(text: string): Manifest | null {
  const outer = envelope.safeParse(parse(text)).data;
  if (outer === undefined || sha256(outer.content) !== outer.sha256) return null;
  const inner = content.safeParse(parse(outer.content)).data;
  if (inner === undefined) return null;
  const compiled = Object.entries(inner.compiled).map(
    ([host, routes]) => [host, new Map(Object.entries(routes))] as const,
  );
  return {
    files: {
      digest: inner.digest,
      sections: new Map(Object.entries(inner.sections)),
      compiled: new Map(compiled),
      terms: new Map(Object.entries(inner.terms)),
    },
    texts: new Map(Object.entries(inner.texts)),
    sequence: inner.sequence,
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
