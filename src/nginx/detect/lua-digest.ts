// The digest of our Lua: new code needs a reload although no byte of nginx.conf's own text differs.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 32 hex digits of SHA-256 over the `.lua` files below the folder: path, size and bytes, sorted by path. */
export async function digestLua(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.lua')).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}
