// One file as text, with the signature that it had while it was read; or in words why not.

import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Signature } from './list-files.ts';
import { reasonOf, usable } from './list-files.ts';

export type ReadText = { readonly text: string; readonly moved: boolean } | { readonly unusable: string };

/** `moved`: the file is no longer the one that was listed, or changed while it was read. */
export async function readText(path: string, listed: Signature): Promise<ReadText> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const before = usable(await file.stat({ bigint: true }), '');
      if ('unusable' in before) return before;
      if (before.size > LARGEST_FILE) return { unusable: TOO_LARGE };
      const bytes = await file.readFile();
      const after = usable(await file.stat({ bigint: true }), '');
      if ('unusable' in after) return after;
      if (!isUtf8(bytes)) return { unusable: 'it is not UTF-8 text' };
      const moved = before.key !== after.key || !listed.key.startsWith(after.key);
      return { text: bytes.toString('utf8').replace(/^\uFEFF/, ''), moved };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { unusable: reasonOf(error) };
  }
}

export const LARGEST_FILE = 64 * 1024 * 1024;
export const TOO_LARGE = 'it is larger than 64 MiB';
