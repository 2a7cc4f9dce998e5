// What lies in a folder now, by metadata alone: every file that is asked for, with a signature that moves when its
// content may have. Symbolic links are followed (ConfigMap mounts are made of them), hidden names are not entered.

import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface FoundFile {
  /** Below the folder, with `/`; `''` when the argument itself is the file. */
  readonly path: string;
  readonly absolute: string;
  readonly found: Signature | { readonly unusable: string };
}

export interface Signature {
  /** Differs when anything of inode, times, size or real path does. */
  readonly key: string;
  readonly inode: string;
  readonly real: string;
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
  readonly changed: number;
}

export interface Listing {
  /** Real path of the folder; null: it cannot be entered, and `unreadable` says why. */
  readonly root: string | null;
  readonly files: readonly FoundFile[];
  /** Folders that could not be listed: of what is below them nothing is known. `''` is the folder itself. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** Real folders to watch: the root, and whatever links lead to outside of it. */
  readonly watch: readonly WatchedFolder[];
}

export interface WatchedFolder {
  readonly path: string;
  readonly inode: string;
  /** False: only what lies in it directly matters. */
  readonly deep: boolean;
}

export async function listFiles(argument: string, accepts: (name: string) => boolean): Promise<Listing> {
  const files: FoundFile[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const outside = new Map<string, boolean>();
  try {
    const real = await realpath(argument);
    const stats = await stat(argument, { bigint: true });
    if (!stats.isDirectory()) {
      files.push({ path: '', absolute: argument, found: usable(stats, real) });
      const folder = await watched(parentOf(real), false);
      return { root: folder.path, files, unreadable, watch: [folder] };
    }
    await walk({ path: '', absolute: argument, real, ancestors: [] });
    const links = await Promise.all(
      [...outside.keys()].sort().map((path) => watched(path, outside.get(path) === true)),
    );
    return { root: real, files, unreadable, watch: [await watched(real, true), ...links] };

    async function walk(folder: Folder): Promise<void> {
      const entries = await attempt(() => readdir(folder.absolute, { withFileTypes: true }));
      if ('failed' in entries) {
        // Gone between the listing of its parent and now: the next look settles it.
        if (folder.path !== '' && entries.code === 'ENOENT') return;
        unreadable.push({ path: folder.path, reason: entries.failed });
        return;
      }
      const shown = entries.value.filter((entry) => !entry.name.startsWith('.'));
      for (let start = 0; start < shown.length; start += AT_ONCE) {
        await Promise.all(
          shown.slice(start, start + AT_ONCE).map(async (entry) => {
            const isLink = entry.isSymbolicLink();
            if (!isLink && !entry.isDirectory() && !accepts(entry.name)) return;
            const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
            await visit(folder, path, entry.name, isLink);
          }),
        );
      }
    }

    async function visit(folder: Folder, path: string, name: string, isLink: boolean): Promise<void> {
      const absolute = join(folder.absolute, name);
      const looked = await attempt(async () => ({
        stats: await stat(absolute, { bigint: true }),
        to: isLink ? await realpath(absolute) : join(folder.real, name),
      }));
      if ('failed' in looked) {
        // A plain file that is gone is gone; a link to nothing is more likely half of somebody's swap.
        if (accepts(name) && (isLink || looked.code !== 'ENOENT')) {
          files.push({ path, absolute, found: { unusable: looked.failed } });
        }
        return;
      }
      const { stats, to } = looked.value;
      if (isLink && !isWithin(to, real)) {
        if (stats.isDirectory()) outside.set(to, true);
        else if (accepts(name) && !outside.has(parentOf(to))) outside.set(parentOf(to), false);
      }
      if (stats.isDirectory()) {
        const ancestors = [...folder.ancestors, folder.real];
        if (ancestors.includes(to) || ancestors.length > DEEPEST) return;
        await walk({ path, absolute, real: to, ancestors });
      } else if (accepts(name)) {
        files.push({ path, absolute, found: usable(stats, to) });
      }
    }
  } catch (error) {
    return { root: null, files: [], unreadable: [{ path: '', reason: reasonOf(error) }], watch: [] };
  }
}

/** Signature of an open or listed file. Anything but a regular file is refused: reading a pipe would never end. */
export function usable(stats: BigIntStats, real: string): Signature | { readonly unusable: string } {
  if (!stats.isFile()) return { unusable: 'it is not a regular file' };
  const inode = `${stats.dev}:${stats.ino}`;
  return {
    key: `${inode} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${real}`,
    inode,
    real,
    size: Number(stats.size),
    modified: Number(stats.mtimeNs) / 1e6,
    changed: Number(stats.ctimeNs) / 1e6,
  };
}

/** For messages: the system's own words, without the path that is named anyway. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code] ?? (code === '' ? String(error) : code);
}

interface Folder {
  readonly path: string;
  readonly absolute: string;
  readonly real: string;
  readonly ancestors: readonly string[];
}

const AT_ONCE = 64;
const DEEPEST = 32;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist (or is a link to nothing)',
  ENOTDIR: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'it is a link that leads in a circle',
  EIO: 'the disk failed to read it',
};

async function watched(path: string, deep: boolean): Promise<WatchedFolder> {
  const looked = await attempt(() => stat(path, { bigint: true }));
  return { path, inode: 'value' in looked ? `${looked.value.dev}:${looked.value.ino}` : '', deep };
}

async function attempt<Value>(
  action: () => Promise<Value>,
): Promise<{ readonly value: Value } | { readonly failed: string; readonly code: string }> {
  try {
    return { value: await action() };
  } catch (error) {
    return { failed: reasonOf(error), code: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf(sep)) || sep;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
