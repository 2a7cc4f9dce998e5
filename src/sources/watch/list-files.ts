// What lies in a folder now, by metadata alone: every file that is asked for, with a signature that moves when its
// content may have. Symbolic links are followed (ConfigMap mounts are made of them), hidden names are not entered.

import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat, statfs } from 'node:fs/promises';
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
  /** Each folder that was listed, as it was just before: what was put into it since, or taken out, moves its stamp. */
  readonly folders: readonly ListedFolder[];
  /** The device, when it is a disk (or memory) of this machine; null: it may be far away, or is not known. */
  readonly localDevice: string | null;
  /** Real folders to watch: the root, and whatever links lead to outside of it. */
  readonly watch: readonly WatchedFolder[];
}

export interface ListedFolder {
  readonly path: string;
  readonly inode: string;
  /** `''` while it is not there. */
  readonly stamp: string;
}

export interface WatchedFolder {
  readonly path: string;
  readonly inode: string;
  /** False: only what lies in it directly matters. */
  readonly deep: boolean;
}

export async function listFiles(argument: string, accepts: (name: string) => boolean): Promise<Listing> {
  const files: FoundFile[] = [];
  const folders: ListedFolder[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const outside = new Map<string, boolean>();
  try {
    const real = await realpath(argument);
    const stats = await stat(argument, { bigint: true });
    if (!stats.isDirectory()) {
      files.push({ path: '', absolute: argument, found: usable(stats, real) });
      const folder = await watched(parentOf(real), false);
      folders.push(await stampOf(folder.path));
      return { root: folder.path, files, unreadable, folders, localDevice: null, watch: [folder] };
    }
    await walk({ path: '', absolute: argument, real, ancestors: [], stats });
    const links = await Promise.all(
      [...outside.keys()].sort().map((path) => watched(path, outside.get(path) === true)),
    );
    const localDevice = LOCAL.has((await statfs(real)).type) ? String(stats.dev) : null;
    return {
      root: real,
      files,
      unreadable,
      folders,
      localDevice,
      watch: [await watched(real, true), ...links],
    };

    async function walk(folder: Folder): Promise<void> {
      folders.push(listed(folder.absolute, folder.stats));
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
        await walk({ path, absolute, real: to, ancestors, stats });
      } else if (accepts(name)) {
        files.push({ path, absolute, found: usable(stats, to) });
      }
    }
  } catch (error) {
    const gone = { path: argument, inode: '', stamp: '' };
    const nothing = { root: null, files: [], folders: [gone], localDevice: null, watch: [] };
    return { ...nothing, unreadable: [{ path: '', reason: reasonOf(error) }] };
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

/** The folder as it is now, to be compared with how it was listed. */
export async function stampOf(path: string): Promise<ListedFolder> {
  const looked = await attempt(() => stat(path, { bigint: true }));
  return 'value' in looked ? listed(path, looked.value) : { path, inode: '', stamp: '' };
}

function listed(path: string, { dev, ino, mtimeNs, ctimeNs }: BigIntStats): ListedFolder {
  const inode = `${dev}:${ino}`;
  return { path, inode, stamp: `${inode} ${mtimeNs} ${ctimeNs}` };
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
  readonly stats: BigIntStats;
}

/** Kinds of file system, as statfs(2) numbers them: ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010,
]);
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
