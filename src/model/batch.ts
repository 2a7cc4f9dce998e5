// One change of documents as bytes: the body of POST /config, an entry of the journal and a snapshot on disk are
// the same format, so one Lua reader and one writer serve all three. Lines of JSON:
//
//   {"v":1,"type":"delta","epoch":3,"generation":12,"base":{"epoch":3,"generation":11},"documents":1,"removals":1,"state":"…"}
//   {"body":…,"digest":"…","id":"…","kind":"backend","v":1}            documents, in the order to be put in force
//   {"id":"…","kind":"route","removed":true,"v":1}                      removals, in the order to be done
//   {"end":"<MD5 of every byte above, as hex>"}
//
// The trailer is the proof that nothing is cut off or garbled (MD5 because ngx.md5 is what every ngx_lua has; it
// guards against accidents, not against whoever may write the state folder).

import type { Document, DocumentKey, DocumentKind } from './document.ts';

/** Orders all that is ever sent: epoch first (raised at each start of a controller), then generation. */
export interface Version {
  readonly epoch: number;
  readonly generation: number;
}

export interface Batch {
  /** `full`: documents that are not in it are removed. `delta`: applies to exactly the version `base`. */
  readonly type: 'full' | 'delta';
  readonly version: Version;
  readonly base: Version | null;
  /** Digest of the set of documents after the batch (see `stateDigest` in plan). */
  readonly state: string;
  readonly put: readonly Document[];
  readonly remove: readonly DocumentKey[];
}

export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.generation - b.generation;
}

/** @param md5 hex of MD5 over UTF-8 text. */
export function encodeBatch(batch: Batch, md5: (text: string) => string): string {
  const header = JSON.stringify({
    v: 1,
    type: batch.type,
    epoch: batch.version.epoch,
    generation: batch.version.generation,
    ...(batch.base === null ? {} : { base: batch.base }),
    documents: batch.put.length,
    removals: batch.remove.length,
    state: batch.state,
  });
  const lines = [header, ...batch.put.map((document) => document.line), ...batch.remove.map(removalLine)];
  const text = `${lines.join('\n')}\n`;
  return `${text}{"end":"${md5(text)}"}\n`;
}

function removalLine(key: DocumentKey): string {
  const colon = key.indexOf(':');
  const kind = key.slice(0, colon) as DocumentKind;
  return JSON.stringify({ id: key.slice(colon + 1), kind, removed: true, v: 1 });
}
