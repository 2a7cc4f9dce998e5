// A document from its body: canonical line and digest.

import type { Document, DocumentBody, DocumentKind } from '../model/document.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';

/** The digest covers `kind`, `id` and the canonical body, one a line. */
export function makeDocument(kind: DocumentKind, id: string, body: DocumentBody): Document {
  const text = canonicalJson(body);
  const sum = digest(`${kind}\n${id}\n${text}`);
  // Keys in sorted order, as canonical JSON of the whole would have them.
  const line = `{"body":${text},"digest":"${sum}","id":${JSON.stringify(id)},"kind":"${kind}","v":1}`;
  return { kind, id, digest: sum, body, line };
}
