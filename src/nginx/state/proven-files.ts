// The generations of files that nginx has proven to run: `files/<digest>/` with the texts and a manifest, and
// `files/current`, which names the live one. A generation is written whole beside the others and then named.

import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AppliedFiles } from '../../model/plan.ts';
import type { RenderedFiles } from '../../model/rendered.ts';
import { LAYOUT } from '../../model/runtime.ts';
import { syncFolder, temporaryName, writeDurably, writeSynced } from './durable.ts';
import { decodeManifest, encodeManifest, type Manifest, sha256 } from './manifest.ts';

export interface ProvenFiles {
  /** The live generation; when it cannot be read, the newest that can; null when there is none. */
  readLive(): Promise<LiveFiles | null>;
  /** Remembers these as live. */
  saveProven(files: RenderedFiles): Promise<SaveOutcome>;
}

export interface LiveFiles {
  readonly digest: string;
  readonly manifest: AppliedFiles;
  /** Of `conf/nginx.conf`. */
  readonly text: string;
  /** The files that it names: path below the prefix → text. */
  readonly authorities: ReadonlyMap<string, string>;
  /** What was found wrong on the way, in sentences. */
  readonly notes: readonly string[];
}

export type SaveOutcome =
  | { readonly outcome: 'saved' }
  | { readonly outcome: 'failed'; readonly message: string };

const KEPT = 5;
const DIGEST = /^[0-9a-f]{32}$/;

export function openProvenFiles(folder: string): ProvenFiles {
  const currentFile = join(folder, 'current');

  async function readLive(): Promise<LiveFiles | null> {
    const current = (await readOrEmpty(currentFile)).trim();
    const named = DIGEST.test(current) ? await readGeneration(join(folder, current)) : null;
    if (named !== null) return live(named, []);
    const others = await generations(folder);
    const newest = others[0];
    if (newest === undefined) return null;
    const what = DIGEST.test(current)
      ? `files/${current} cannot be read as it was written`
      : 'files/current names no generation';
    return live(newest, [`${what}; files/${newest.manifest.files.digest} is taken as the live one instead.`]);
  }

  async function saveProven(files: RenderedFiles): Promise<SaveOutcome> {
    try {
      const known = await generations(folder);
      if (known[0]?.manifest.files.digest !== files.digest) {
        await writeGeneration(files, (known[0]?.manifest.sequence ?? 0) + 1);
      }
      await writeDurably(currentFile, `${files.digest}\n`, 0o600);
      await forgetOld();
      return { outcome: 'saved' };
    } catch (error) {
      return { outcome: 'failed', message: (error as Error).message };
    }
  }

  async function writeGeneration(files: RenderedFiles, sequence: number): Promise<void> {
    const target = join(folder, files.digest);
    const temporary = temporaryName(target);
    try {
      await mkdir(temporary, { mode: 0o700 });
      for (const [path, text] of files.texts) await writeSynced(join(temporary, basename(path)), text, 0o600);
      const texts = new Map([...files.texts].map(([path, text]) => [path, sha256(text)]));
      await writeSynced(join(temporary, 'manifest.json'), encodeManifest({ files, texts, sequence }), 0o600);
      await syncFolder(temporary);
      // A generation that is proven once more takes its place anew.
      await rm(target, { recursive: true, force: true });
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    await syncFolder(folder);
  }

  async function forgetOld(): Promise<void> {
    const kept = (await generations(folder)).slice(0, KEPT).map(({ manifest }) => manifest.files.digest);
    for (const name of await readdir(folder)) {
      if (DIGEST.test(name) && !kept.includes(name))
        await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  return { readLive, saveProven };
}

interface Generation {
  readonly manifest: Manifest;
  readonly text: string;
  readonly authorities: ReadonlyMap<string, string>;
}

/** Those that can be read, newest first. */
async function generations(folder: string): Promise<readonly Generation[]> {
  const names = (await readdir(folder)).filter((name) => DIGEST.test(name));
  const read = await Promise.all(names.map((name) => readGeneration(join(folder, name))));
  return read.filter((one) => one !== null).sort((a, b) => b.manifest.sequence - a.manifest.sequence);
}

async function readGeneration(folder: string): Promise<Generation | null> {
  const manifest = decodeManifest(await readOrEmpty(join(folder, 'manifest.json')));
  if (manifest === null || manifest.files.digest !== basename(folder)) return null;
  let main: string | null = null;
  const authorities = new Map<string, string>();
  for (const [path, expected] of manifest.texts) {
    const text = await readOrEmpty(join(folder, basename(path)));
    if (sha256(text) !== expected) return null;
    if (path === LAYOUT.config) main = text;
    else authorities.set(path, text);
  }
  return main === null ? null : { manifest, text: main, authorities };
}

function live({ manifest, text, authorities }: Generation, notes: readonly string[]): LiveFiles {
  return { digest: manifest.files.digest, manifest: manifest.files, text, authorities, notes };
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
