// One file as text, with the signature that it had while it was read; or in words why not.

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Signature } from './list-files.ts';
import { reasonOf, usable } from './list-files.ts';

export type ReadText = { readonly text: string; readonly moved: boolean } | { readonly unusable: string };

/** `moved`: the file is no longer the one that was listed, or changed while it was read. */
export async function readText(path: string, listed: Signature): Promise<ReadText> {
  try {
    const file = await open(path, FLAGS);
    try {
      const before = usable(await file.stat({ bigint: true }), '');
      if (isUnfit(before)) return unfit(before);
      const bytes = await file.readFile();
      return judge(bytes, listed, before, usable(await file.stat({ bigint: true }), ''));
    } finally {
      await file.close();
    }
  } catch (error) {
    return { unusable: reasonOf(error) };
  }
}

/**
 * The same at once, a tenth of the work: for small files on a disk of this machine, where nothing has to be waited
 * for that a thread could wait for.
 */
export function readTextNow(path: string, listed: Signature): ReadText {
  try {
    const file = openSync(path, FLAGS);
    try {
      const before = usable(fstatSync(file, { bigint: true }), '');
      if (isUnfit(before)) return unfit(before);
      const bytes = readFileSync(file);
      return judge(bytes, listed, before, usable(fstatSync(file, { bigint: true }), ''));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { unusable: reasonOf(error) };
  }
}

// A pipe that somebody put there is opened without waiting for its other end.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export const LARGEST_FILE = 64 * 1024 * 1024;
export const TOO_LARGE = 'it is larger than 64 MiB';

type Stat = Signature | { readonly unusable: string };

function isUnfit(stat: Stat): boolean {
  return 'unusable' in stat || stat.size > LARGEST_FILE;
}

function unfit(stat: Stat): { readonly unusable: string } {
  return 'unusable' in stat ? stat : { unusable: TOO_LARGE };
}

function judge(bytes: Buffer, listed: Signature, before: Stat, after: Stat): ReadText {
  if ('unusable' in after) return after;
  if (!isUtf8(bytes)) return { unusable: 'it is not UTF-8 text' };
  const same = 'key' in before && before.key === after.key;
  const moved = !same || !listed.key.startsWith(after.key);
  return { text: bytes.toString('utf8').replace(/^\uFEFF/, ''), moved };
}
