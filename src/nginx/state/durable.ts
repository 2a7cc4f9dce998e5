// Writing a file so that a reader, or the machine after a crash, finds the old text or the new one and never a
// piece: temporary file, fsync, rename, fsync of the folder.

import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = /^\..*\.tmp$/;

/** A name in the same folder that `removeTemporary` knows as left behind. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** Throws what the file system throws; the old file is then as it was. */
export async function writeDurably(path: string, text: string | Uint8Array, mode: number): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeSynced(temporary, text, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** For a file that nobody reads yet. */
export async function writeSynced(path: string, text: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What a killed controller left half written. Only under the lock. */
export async function removeTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
