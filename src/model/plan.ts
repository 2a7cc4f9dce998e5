// What a pass decides, as data with all its reasons; applying it makes no decision of its own.

import type { Document, DocumentKey } from './document.ts';
import type { RouteId } from './model.ts';
import type { RenderedFiles } from './rendered.ts';

/** What is in force: documents as accepted, files as proven. The planner compares with nothing else. */
export interface Applied {
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  /** Proven live files, or null before the first. */
  readonly files: AppliedFiles | null;
  /** Files that are being put in force by a compile under way. */
  readonly compiling: AppliedFiles | null;
}

/** What of files has to be remembered; it survives a restart in the manifest beside them. */
export interface AppliedFiles {
  readonly digest: string;
  readonly sections: ReadonlyMap<string, string>;
  readonly compiled: ReadonlyMap<string, ReadonlyMap<RouteId, string>>;
  /** As in `RenderedFiles`; absent: not known. */
  readonly terms?: ReadonlyMap<string, string>;
}

export type Plan =
  | { readonly kind: 'nothing'; readonly reasons: readonly [] }
  | { readonly kind: 'push'; readonly reasons: readonly string[]; readonly change: DocumentChange }
  | {
      readonly kind: 'push+compile';
      readonly reasons: readonly string[];
      /** May be empty: then only the files differ. */
      readonly change: DocumentChange;
      readonly compile: Compile;
    };

export interface DocumentChange {
  /** In the order in which they are to be put in force. */
  readonly put: readonly Document[];
  readonly remove: readonly DocumentKey[];
}

export interface Compile {
  readonly files: RenderedFiles;
  /** One sentence for each section that differs. Never empty. */
  readonly reasons: readonly string[];
  /**
   * `now`: something of the change is not in force until it is compiled. `calm`: everything is in force already
   * (interpreted hosts that may be compiled, servers whose host is gone), so it waits for a quiet moment.
   */
  readonly when: 'now' | 'calm';
}
