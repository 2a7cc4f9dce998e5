// The folders below the prefix, with the modes that keep others out: `state` holds private keys, `control` the
// socket that takes documents (nginx makes its sockets 0666, so the folder is what guards it).

import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LAYOUT } from '../../model/runtime.ts';

const FOLDERS: readonly (readonly [path: string, mode: number])[] = [
  [LAYOUT.state, 0o700],
  [LAYOUT.documents, 0o700],
  [LAYOUT.files, 0o700],
  [dirname(LAYOUT.defaultKey), 0o700],
  [dirname(LAYOUT.controlSocket), 0o750],
  [dirname(LAYOUT.pid), 0o755],
  [dirname(LAYOUT.errorLog), 0o755],
  [LAYOUT.temp, 0o755],
  [dirname(LAYOUT.config), 0o755],
];

/** Throws what the file system throws. Modes are set whatever the umask, also of folders that are there. */
export async function ensureFolders(prefix: string): Promise<void> {
  await mkdir(prefix, { recursive: true });
  for (const [folder, mode] of FOLDERS) {
    const path = join(prefix, folder);
    await mkdir(path, { recursive: true, mode });
    if (((await stat(path)).mode & 0o777) !== mode) await chmod(path, mode);
  }
}
