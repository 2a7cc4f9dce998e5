// The output of `render`: files that nginx reads itself (a changed byte needs a reload) and documents that Lua
// takes live. Byte-identical for the same model, whatever the order in which it was built.

import type { Document, DocumentKey } from './document.ts';
import type { RouteId } from './model.ts';

export interface Rendered {
  readonly files: RenderedFiles;
  readonly documents: ReadonlyMap<DocumentKey, Document>;
}

export interface RenderedFiles {
  /** Path below the prefix → text: `conf/nginx.conf`, and the authorities that it names, each named by its content. */
  readonly texts: ReadonlyMap<string, string>;
  /** 32 hex digits of SHA-256 over paths and texts with the place of the digest itself left empty. */
  readonly digest: string;
  /**
   * Named parts of the files → digest: `main`, `http`, `profile p0123…cdef`, `host shop.example`. Their difference
   * is the reason for a compile.
   */
  readonly sections: ReadonlyMap<string, string>;
  /** Hosts that have a `server` of their own → the route keys that its locations name, by route id. */
  readonly compiled: ReadonlyMap<string, ReadonlyMap<RouteId, string>>;
  /**
   * Compiled hosts all of whose locations say the same beside their place and key → what that is: its ports and its
   * one profile. While this stays, other paths of the host are in force with the push (see `plan/retention.ts`).
   */
  readonly terms?: ReadonlyMap<string, string>;
  /** Where each host stands, to name the object behind a failing line. Ordered by line. */
  readonly lines: readonly SourceLines[];
}

export interface SourceLines {
  readonly path: string;
  /** 1-based, inclusive. */
  readonly first: number;
  readonly last: number;
  readonly host: string;
  readonly objects: readonly string[];
}
