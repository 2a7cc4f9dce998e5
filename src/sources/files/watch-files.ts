// Manifests, live: a Snapshot after the first full read, and another for each change.

import type { Logger } from 'pino';
import type { Snapshot } from '../../model/snapshot.ts';
import { watchFolders } from '../watch/watch-folders.ts';
import { acceptManifest } from './accept-manifest.ts';
import { createReader } from './create-reader.ts';

export interface WatchFilesOptions {
  /** Folders or single files, in order of precedence for objects that are in several. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
  /**
   * Called in order, never twice with the same Snapshot.
   * @param at when the first hint of what is new in it came, as `performance.now()` tells it.
   */
  readonly onSnapshot: (snapshot: Snapshot, at: number) => void;
  /** Whether something has moved that no Snapshot shows yet (see `watchFolders`). */
  readonly onStir?: (stirred: boolean) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/** Resolves after the first Snapshot was delivered; goes on until the signal. */
export async function watchFiles(options: WatchFilesOptions): Promise<void> {
  const { onSnapshot, ...watching } = options;
  const read = createReader();
  let last: Snapshot | null = null;
  let stirredAt: number | null = null;
  await watchFolders({
    ...watching,
    accepts: acceptManifest,
    onStir(stirred) {
      if (stirred) stirredAt ??= performance.now();
      options.onStir?.(stirred);
    },
    onScan: async (scan) => {
      const at = stirredAt ?? performance.now();
      stirredAt = null;
      const snapshot = await read(scan);
      if (snapshot === last || options.signal.aborted) return;
      last = snapshot;
      onSnapshot(snapshot, at);
    },
  });
}
