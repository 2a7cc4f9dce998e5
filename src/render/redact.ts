// Documents for human eyes: without private keys. Used by `render -o`, by goldens and wherever else a document
// leaves the process other than to nginx.

import type { Document } from '../model/document.ts';
import type { Rendered } from '../model/rendered.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';

export interface RedactedDocument {
  readonly kind: string;
  readonly id: string;
  readonly digest: string;
  readonly body: unknown;
}

/** The key is replaced by a digest, which tells whether it changed and nothing else. */
export function redactDocument({ kind, id, digest: sum, body }: Document): RedactedDocument {
  if (!('key' in body)) return { kind, id, digest: sum, body };
  return { kind, id, digest: sum, body: { ...body, key: `redacted, digest ${digest(body.key)}` } };
}

/** Every document, by kind and id, keys sorted, indented by two. Ends in a newline. */
export function renderDocumentsJson(rendered: Rendered): string {
  const sorted = [...rendered.documents].sort(([a], [b]) => (a < b ? -1 : 1));
  const redacted = sorted.map(([, document]) => redactDocument(document));
  return `${JSON.stringify(JSON.parse(canonicalJson(redacted)), null, 2)}\n`;
}
