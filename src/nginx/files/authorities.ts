// The files beside nginx.conf: certificates of authorities, public, named by what they hold. So they are written
// before the configuration that names them is tested, never changed, and removed when no live one names them.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LAYOUT } from '../../model/runtime.ts';
import { writeDurably } from '../state/durable.ts';
import { errorCode } from './world-error.ts';

/** Those of `texts` that are not there as they should be. @param texts path below the prefix → text. */
export async function writeAuthorities(prefix: string, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of texts) {
    if (dirname(path) !== LAYOUT.authorities) continue;
    const file = join(prefix, path);
    if ((await readOrNull(file)) === text) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeDurably(file, text, 0o644);
  }
}

/** Those that a configuration names, as they lie there. */
export async function readAuthorities(prefix: string, config: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [, name = ''] of config.matchAll(NAMED)) {
    const path = `${LAYOUT.authorities}/${name}`;
    const text = found.has(path) ? null : await readOrNull(join(prefix, path));
    if (text !== null) found.set(path, text);
  }
  return found;
}

/** All of ours but those of `texts`, which are live. One that stays costs nothing, so that it cannot go is no failure. */
export async function forgetAuthorities(prefix: string, texts: ReadonlyMap<string, string>): Promise<void> {
  const folder = join(prefix, LAYOUT.authorities);
  const names = await readdir(folder).catch(() => []);
  const kept = new Set([...texts.keys()].map((path) => basename(path)));
  for (const name of names) {
    if (OURS.test(name) && !kept.has(name)) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

/** Also what a crash left of one that was being written. */
const OURS = /^\.?[0-9a-f]{32}\.pem/;

const NAMED = new RegExp(`${LAYOUT.authorities}/([0-9a-f]{32}\\.pem)`, 'g');

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
