// How putting files in force can end.

export type CompileOutcome =
  /** Live in every worker that accepts. */
  | { readonly outcome: 'proven'; readonly durationMs: number; readonly notes: readonly string[] }
  /** On disk and tested; no nginx of the prefix runs. */
  | { readonly outcome: 'written'; readonly message: string }
  /** `nginx -t` refused; nothing was touched. */
  | {
      readonly outcome: 'invalid';
      readonly message: string;
      /** Path below the prefix for our own file (as in `RenderedFiles.texts`), else as nginx names it. */
      readonly file: string | null;
      readonly line: number | null;
      /** False: the fault is in a file of the operator. */
      readonly ours: boolean;
    }
  /**
   * nginx did not take them. After a compile the previous file is back on disk, and nginx was told to read it when
   * workers of before had left already (`switched`).
   */
  | { readonly outcome: 'not-live'; readonly message: string; readonly switched: boolean }
  /** Disk, time-out or the controller's end; what is live is what was, or `recoverFiles` finds out. */
  | { readonly outcome: 'failed'; readonly message: string };

export type CompileStep = 'staged' | 'tested' | 'noted' | 'swapped' | 'signalled' | 'live';
