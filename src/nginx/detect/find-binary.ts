// Which file a binary's name means. Absolute, because a hot upgrade (USR2) executes argv[0] again, and from a
// folder that may be another one by then.

import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

/** @param name a path, or a bare name to be found on `path` (as in $PATH) or where packages put nginx. */
export async function findBinary(name: string, path: string): Promise<string | null> {
  if (name.includes('/')) return (await isExecutable(resolve(name))) ? resolve(name) : null;
  const folders = [...path.split(delimiter).filter((folder) => folder.startsWith('/')), ...USUAL];
  for (const folder of folders) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

const USUAL = ['/usr/local/sbin', '/usr/sbin', '/usr/local/openresty/nginx/sbin', '/usr/local/openresty/bin'];

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
