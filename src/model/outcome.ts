// What the proxy's room answers to the loop: the world's failures as values.

/** Of documents sent: they are on disk before they are sent anywhere. */
export type PublishOutcome =
  /** No later request anywhere sees the version before. */
  | { readonly outcome: 'in-force' }
  /** On disk, but no nginx runs, or one did not confirm; the next start loads it, the watch repeats it. */
  | { readonly outcome: 'accepted'; readonly message: string }
  /** Not taken and undone on disk: what was in force before still is. */
  | {
      readonly outcome: 'refused';
      readonly code: 'full' | 'malformed' | 'disk';
      readonly message: string;
      readonly hint: string;
    };

/** Of files. Unless `proven` or `written`, the last good files are live and on disk. */
export type CompileOutcome =
  /** Live in every worker that accepts. */
  | { readonly outcome: 'proven'; readonly durationMs: number; readonly notes: readonly string[] }
  /** On disk and tested; no nginx of the prefix runs, so its start is the proof. */
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
   * nginx did not take them: a port is taken, a zone changed. The previous file is back on disk, and nginx was told
   * to read it when workers of before had left already (`switched`).
   */
  | { readonly outcome: 'not-live'; readonly message: string; readonly switched: boolean }
  /** Disk, time-out or the controller's end; what is live is what was, or recovery at the next start finds out. */
  | { readonly outcome: 'failed'; readonly message: string };
