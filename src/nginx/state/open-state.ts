// The state folder of a prefix, opened by the one controller that may write it: lock, epoch, the accepted documents
// and the proven files.

import { join } from 'node:path';
import { LAYOUT } from '../../model/runtime.ts';
import { type DocumentStore, openDocumentStore } from './document-store.ts';
import { removeTemporary } from './durable.ts';
import { raiseEpoch } from './epoch.ts';
import { ensureFolders } from './folders.ts';
import { acquireLock } from './lock.ts';
import { openProvenFiles, type ProvenFiles } from './proven-files.ts';

export interface State extends ProvenFiles {
  readonly prefix: string;
  readonly documents: DocumentStore;
  /** Of this controller: higher than every one before. */
  epoch(): number;
  /** Raises it above one that was seen elsewhere. */
  raiseAbove(
    epoch: number,
  ): Promise<{ readonly outcome: 'raised' } | { readonly outcome: 'failed'; readonly message: string }>;
  /** The last bytes reach the disk, the lock is free. */
  close(): Promise<void>;
}

export type OpenOutcome =
  | { readonly outcome: 'open'; readonly state: State }
  | { readonly outcome: 'locked'; readonly by: number; readonly message: string }
  | { readonly outcome: 'failed'; readonly message: string };

export interface StateOptions {
  readonly warn?: (message: string) => void;
  /** Bytes below which a journal is never compacted; 1 MiB. */
  readonly compactAbove?: number;
}

export async function openState(prefix: string, options: StateOptions = {}): Promise<OpenOutcome> {
  const folder = join(prefix, LAYOUT.state);
  let release: (() => Promise<void>) | null = null;
  try {
    await ensureFolders(prefix);
    const lock = await acquireLock(join(folder, 'controller.lock'));
    if ('by' in lock) {
      const message = `another controller (pid ${lock.by}) runs on ${prefix}; stop it, or give this one a --prefix of its own`;
      return { outcome: 'locked', by: lock.by, message };
    }
    release = lock.release;
    return { outcome: 'open', state: await underLock(prefix, release, options) };
  } catch (error) {
    await release?.();
    return {
      outcome: 'failed',
      message: `the state folder ${folder} cannot be used: ${(error as Error).message}`,
    };
  }
}

async function underLock(
  prefix: string,
  release: () => Promise<void>,
  options: StateOptions,
): Promise<State> {
  const folder = join(prefix, LAYOUT.state);
  for (const path of [LAYOUT.state, LAYOUT.documents, LAYOUT.files])
    await removeTemporary(join(prefix, path));
  const { warn = () => {}, compactAbove = 1024 * 1024 } = options;
  const documents = await openDocumentStore({ folder: join(prefix, LAYOUT.documents), compactAbove, warn });
  let epoch = await raiseEpoch(folder, documents.version().epoch);
  return {
    ...openProvenFiles(join(prefix, LAYOUT.files)),
    prefix,
    documents,
    epoch: () => epoch,
    async raiseAbove(seen) {
      try {
        epoch = await raiseEpoch(folder, Math.max(seen, epoch));
        return { outcome: 'raised' };
      } catch (error) {
        return { outcome: 'failed', message: (error as Error).message };
      }
    },
    async close() {
      await documents.close();
      await release();
    },
  };
}
