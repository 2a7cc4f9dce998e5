// A few files into a folder, each of them either as it was or as it shall be.

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns what is in the way, or null. */
export async function writeFolder(
  folder: string,
  files: ReadonlyMap<string, string>,
): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of files) await writeAtomically(join(folder, name), text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
