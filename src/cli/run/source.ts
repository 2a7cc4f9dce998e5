// Where the objects come from, as `run` sees it: the same for a folder of manifests and for a cluster.

import type { Logger } from 'pino';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Model } from '../../model/model.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Flags } from '../../options/flags.ts';
import type { KindReport } from '../../serve/state.ts';
import { watchFiles } from '../../sources/files/watch-files.ts';
import type { OpenFailure } from './open-data-plane.ts';

export interface SourceParts {
  /** @param at when what is new in it was noticed, as `performance.now()` tells it. */
  readonly onSnapshot: (snapshot: Snapshot, at: number) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface RunningSource {
  /** Why what is known is not all there is, in sentences; empty when it is. */
  waiting(): readonly string[];
  /** How each kind of a cluster stands; nothing for manifests. */
  kinds(): readonly KindReport[];
  /** What became of a Snapshot, for those who tell the source about it. */
  passed(snapshot: Snapshot, model: Model, diagnostics: readonly Diagnostic[]): void;
  /** Settles when the signal was given and everything has ended. */
  ended(): Promise<void>;
}

/** Begins to load what the source is made of, for while something else is waited for. */
export function prepareSource(flags: Flags): void {
  if (flags.kubeconfig !== null) void loadClusterSource().catch(() => undefined);
}

// Imported when it is asked for: manifests need nothing of it.
const loadClusterSource = () => import('./cluster-source.ts');

/** Goes on until the signal. */
export async function openSource(flags: Flags, parts: SourceParts): Promise<RunningSource | OpenFailure> {
  if (flags.kubeconfig !== null) {
    const { openClusterSource } = await loadClusterSource();
    return await openClusterSource(flags, flags.kubeconfig, parts);
  }
  let stirred = true;
  const reading = watchFiles({
    folders: flags.manifests,
    ...parts,
    onStir: (moved) => {
      stirred = moved;
    },
  });
  return {
    waiting: () => (stirred ? ['the manifests are being read'] : []),
    kinds: () => [],
    passed: () => undefined,
    ended: () => reading,
  };
}
