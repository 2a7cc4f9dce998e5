// Folders as texts, scan after scan. Only what moved is read again, what cannot be read keeps its last text and
// says so, and a scan counts only when nothing moved while it was made.

import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { FoundFile, ListedFolder, Listing, Signature, WatchedFolder } from './list-files.ts';
import { listFiles } from './list-files.ts';
import { LARGEST_FILE, readText, readTextNow, TOO_LARGE } from './read-text.ts';
import { isRacy, MISSING, waitForWriter } from './settled.ts';

export interface ScannedFile {
  /** As the user would write it: the argument, `/`, the path below it. */
  readonly name: string;
  /** Index of the argument, and the path below it with `/` (`''`: the argument is the file). */
  readonly folder: number;
  readonly path: string;
  /** Last good text; null: there never was one. Compare `digest`, not this. */
  readonly text: string | null;
  readonly digest: string;
  /** Why the text is not that of now. */
  readonly problem: string | null;
  /** Missing, but not for long enough to be believed: perhaps it is being moved or written anew. */
  readonly leaving: boolean;
}

export interface Scan {
  /** By folder, then path. The same array as before when nothing is different. */
  readonly files: readonly ScannedFile[];
  /** Folders that could not be listed; what was known below them is kept. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  /** Milliseconds after which another look is needed, whatever the hints say. */
  readonly again: number | null;
  /** New files that somebody may still be writing, left out of `files`. */
  readonly unsettled: number;
  readonly watch: readonly WatchedFolder[];
  /** All that were listed. */
  readonly folders: readonly ListedFolder[];
}

export interface ScanOptions {
  readonly folders: readonly string[];
  readonly accepts: (name: string) => boolean;
  /** False reads everything as it stands (one-shot commands). */
  readonly patient: boolean;
}

/** @returns a function that looks again. Calls must not overlap. */
export function createScanner({ folders, accepts, patient }: ScanOptions): () => Promise<Scan> {
  let known = new Map<string, Known>();
  let files: readonly ScannedFile[] = [];

  return async () => {
    let listings = await list();
    for (let round = 1; ; round += 1) {
      const result = await absorb(listings);
      if (result.read === 0 || round === MOST_ROUNDS) return result.scan;
      const then = listings;
      listings = await list();
      if (fingerprint(then) === fingerprint(listings)) return result.scan;
    }
  };

  async function list(): Promise<readonly Listing[]> {
    return await Promise.all(folders.map((folder) => listFiles(folder, accepts)));
  }

  async function absorb(listings: readonly Listing[]): Promise<{ scan: Scan; read: number }> {
    const next = new Map<string, Known>();
    const seenPaths = new Set<string>();
    const looks = listings.flatMap((listing, folder) => listing.files.map((file) => ({ folder, file })));
    let read = 0;
    for (let start = 0; start < looks.length; start += AT_ONCE) {
      const some = looks.slice(start, start + AT_ONCE).map(async ({ folder, file }) => {
        const id = `${folder}/${file.path}`;
        // One file by way of two arguments is one file.
        const absolute = resolve(file.absolute);
        if (seenPaths.has(absolute)) return;
        seenPaths.add(absolute);
        const before = returned(known.get(id) ?? null);
        const device = listings[folder]?.localDevice ?? null;
        const now = await look(nameOf(folder, file.path), folder, file, before, device);
        if (now.looked) read += 1;
        next.set(id, now);
      });
      await Promise.all(some);
    }
    keepUnseen(listings, next);
    known = next;
    return { scan: summarise(listings), read };
  }

  async function look(
    name: string,
    folder: number,
    found: FoundFile,
    before: Known | null,
    device: string | null,
  ): Promise<Known> {
    const clock = Date.now();
    const base = { name, folder, path: found.path };
    if ('unusable' in found.found) return keep(base, before, found.found.unusable, null);
    const signature = found.found;
    const seen = before?.seenKey === signature.key ? before.seen : clock;
    const sighting = { seen, seenKey: signature.key };
    const same = before?.signature?.key === signature.key;
    if (same && before.again === null) return before.looked ? { ...before, looked: false } : before;
    if (signature.size > LARGEST_FILE) return keep(base, before, TOO_LARGE, null);
    const racy = patient && isRacy(signature, seen, clock);
    const wait = patient ? waitBefore(signature, before, seen, clock) : 0;
    if (wait > 0) return later(wait, false);
    const isNear = signature.size <= SMALL && device !== null && signature.inode.startsWith(`${device}:`);
    const read = isNear ? readTextNow : readText;
    const result = await read(found.absolute, signature);
    if ('unusable' in result) return keep(base, before, result.unusable, sighting);
    if (result.moved && patient) return later(SOON, true);
    const digest = hash('sha256', result.text, 'hex');
    const unchanged = before?.file?.digest === digest && before.file.problem === null;
    const file = unchanged
      ? before.file
      : { ...base, text: result.text, digest, problem: null, leaving: false };
    const again = racy ? RACY : null;
    return { file, signature, ...sighting, again, missing: null, looked: !same || !unchanged };

    function later(again: number, looked: boolean): Known {
      const { file, signature: last } = before ?? { file: null, signature: null };
      return { file, signature: last, ...sighting, again, missing: null, looked };
    }
  }

  function keepUnseen(listings: readonly Listing[], next: Map<string, Known>): void {
    const blind = listings.flatMap((listing, folder) =>
      listing.unreadable.map(({ path }) => (path === '' ? `${folder}/` : `${folder}/${path}/`)),
    );
    const clock = Date.now();
    for (const [id, entry] of known) {
      if (next.has(id) || entry.file === null) continue;
      if (blind.some((prefix) => id.startsWith(prefix))) {
        next.set(id, returned(entry));
        continue;
      }
      const missing = entry.missing ?? clock;
      const wait = patient ? missing + MISSING - clock : 0;
      if (wait > 0) next.set(id, { ...entry, missing, file: leaving(entry), again: wait, looked: false });
    }
  }

  function summarise(listings: readonly Listing[]): Scan {
    const entries = [...known.values()];
    const found = entries.flatMap((entry) => (entry.file === null ? [] : [entry.file])).sort(compareFiles);
    const same = found.length === files.length && found.every((file, index) => file === files[index]);
    if (!same) files = found;
    const waits = entries.flatMap((entry) => (entry.again === null ? [] : [entry.again]));
    return {
      files,
      unreadable: listings.flatMap((listing, folder) =>
        listing.unreadable.map(({ path, reason }) => ({ name: nameOf(folder, path), reason })),
      ),
      again: waits.length === 0 ? null : waits.reduce((a, b) => Math.min(a, b)),
      unsettled: entries.filter((entry) => entry.file === null).length,
      watch: listings.flatMap((listing) => listing.watch),
      folders: listings.flatMap((listing) => listing.folders),
    };
  }

  function nameOf(folder: number, path: string): string {
    const argument = (folders[folder] ?? '').replace(/(?<=.)\/+$/, '');
    return path === '' ? argument : `${argument === '/' ? '' : argument}/${path}`;
  }
}

interface Known {
  /** Null: seen, and not yet believed. */
  readonly file: ScannedFile | null;
  /** Of the text that was read; null when the next look must read in any case. */
  readonly signature: Signature | null;
  /** When which signature was first seen. */
  readonly seen: number;
  readonly seenKey: string;
  readonly again: number | null;
  /** Since when it is missing. */
  readonly missing: number | null;
  /** Read in this scan, with a new text or by a new signature. */
  readonly looked: boolean;
}

/** Bytes of a file that is read at once where nothing has to be waited for. */
const SMALL = 256 * 1024;
const AT_ONCE = 32;
const MOST_ROUNDS = 3;
const RACY = 60;
const SOON = 5;

/** What was read already needs to be read once more when its tick is over; anything else when its writer is done. */
function waitBefore(now: Signature, before: Known | null, seen: number, clock: number): number {
  if (before?.signature?.key === now.key) return isRacy(now, seen, clock) ? RACY : 0;
  return waitForWriter(now, before?.signature ?? null, seen, clock);
}

function leaving(entry: Known): ScannedFile | null {
  return entry.missing === null && entry.file !== null ? { ...entry.file, leaving: true } : entry.file;
}

/** A file that was missing, and is there again (or nobody can say any more). */
function returned<Entry extends Known | null>(entry: Entry): Entry {
  if (entry === null || entry.missing === null) return entry;
  const file = entry.file === null ? null : { ...entry.file, leaving: false };
  return { ...entry, file, missing: null, again: null };
}

function keep(
  base: { readonly name: string; readonly folder: number; readonly path: string },
  before: Known | null,
  problem: string,
  sighting: { readonly seen: number; readonly seenKey: string } | null,
): Known {
  const last = before?.file ?? null;
  const file =
    last?.problem === problem
      ? last
      : { ...base, text: last?.text ?? null, digest: last?.digest ?? '', problem, leaving: false };
  return {
    file,
    signature: null,
    seen: 0,
    seenKey: '',
    ...sighting,
    again: null,
    missing: null,
    looked: false,
  };
}

function fingerprint(listings: readonly Listing[]): string {
  const lines = listings.flatMap((listing) => [
    String(listing.root),
    ...listing.files
      .map(({ path, found }) => `${path}\n${'key' in found ? found.key : found.unusable}`)
      .sort(),
    ...listing.unreadable.map(({ path, reason }) => `${path}\n${reason}`).sort(),
  ]);
  return lines.join('\n');
}

function compareFiles(a: ScannedFile, b: ScannedFile): number {
  return a.folder - b.folder || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}
