// The epoch: an integer on disk that each start of a controller raises, so that whatever it says is newer than what
// any controller before it has said. Only under the lock.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './durable.ts';

/**
 * The raised epoch, on disk when this returns.
 * @param seen the highest epoch seen elsewhere (in the documents, in a live nginx): it counts too, so that a lost or
 *   garbled file never leads back. Throws what the file system throws.
 */
export async function raiseEpoch(stateFolder: string, seen: number): Promise<number> {
  const path = join(stateFolder, 'epoch');
  const next = Math.max(await read(path), seen) + 1;
  await writeDurably(path, `${next}\n`, 0o600);
  return next;
}

async function read(path: string): Promise<number> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
