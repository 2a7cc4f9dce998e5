// Manifests once, as they stand: for commands that print and exit.

import type { Snapshot } from '../../model/snapshot.ts';
import { createScanner } from '../watch/scan-folders.ts';
import { acceptManifest } from './accept-manifest.ts';
import { createReader } from './create-reader.ts';

/** @param folders folders (searched for *.yaml, *.yml, *.json at any depth) or single files, in order of precedence. */
export async function readFiles(folders: readonly string[]): Promise<Snapshot> {
  const scan = createScanner({ folders, accepts: acceptManifest, patient: false });
  return await createReader()(await scan());
}
