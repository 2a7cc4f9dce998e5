// Folders above the prefix that nginx's workers may not enter. A master that is root runs them as another user, and
// what is too big for memory (uploads, answers) then fails with 500, where only nginx's error log says why.

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** @returns a sentence about the uppermost of them, or null. @param user who starts nginx, as far as we can tell. */
export async function closedFolder(prefix: string, user: number | undefined): Promise<string | null> {
  if (user !== 0) return null;
  const folders: string[] = [];
  for (let folder = prefix; folder !== dirname(folder); folder = dirname(folder)) folders.unshift(folder);
  for (const folder of folders) {
    const found = await stat(folder).catch(() => null);
    if (found === null) return null;
    if ((found.mode & 0o001) === 0) {
      return `the workers of an nginx that root starts run as another user, and may not enter ${folder}: big uploads and answers will fail with 500; allow it (chmod o+x), choose another --prefix, or name the user with --include-main`;
    }
  }
  return null;
}
