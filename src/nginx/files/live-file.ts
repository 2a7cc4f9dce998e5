// The file that nginx reads at its next start or reload. Replaced by rename only, never truncated.

import { copyFile, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LAYOUT } from '../../model/runtime.ts';
import { syncFolder, writeDurably } from '../state/durable.ts';
import { errorCode } from './world-error.ts';

/** @returns null when there is none. */
export async function readLive(prefix: string): Promise<string | null> {
  try {
    return await readFile(join(prefix, LAYOUT.config), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export async function swapLive(prefix: string, text: string): Promise<void> {
  await writeDurably(join(prefix, LAYOUT.config), text, 0o644);
}

/** Puts a staged file, durable already, in the place of the live one. @param staged path below the prefix. */
export async function promoteStaged(prefix: string, staged: string): Promise<void> {
  const path = join(prefix, LAYOUT.config);
  await rename(join(prefix, staged), path);
  await syncFolder(dirname(path));
}

/** Keeps a file that is not ours beside the place where ours goes. @returns its path below the prefix. */
export async function setAside(prefix: string): Promise<string> {
  const kept = `${LAYOUT.config}.replaced`;
  await copyFile(join(prefix, LAYOUT.config), join(prefix, kept)); // copied: there must always be one to start with
  return kept;
}
