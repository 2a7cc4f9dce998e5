// May a file be read now, or is somebody perhaps still writing it? Half a manifest can be good YAML, so the answer
// must come from the file's times and not from its content.

import type { Signature } from './list-files.ts';

/** Milliseconds without a change before what was written in place is believed. */
const WRITTEN_IN_PLACE = 50;
/** The same for a new inode whose times do not tell whether it was renamed in or is just being written. */
const PERHAPS_RENAMED = 15;

/**
 * @param before what was last read under this name, or null.
 * @param seen when this very signature was first seen (a clock of the file system that is off must not matter).
 * @returns milliseconds to wait; 0: read it.
 */
export function waitForWriter(now: Signature, before: Signature | null, seen: number, clock: number): number {
  const quiet = Math.max(clock - now.modified, clock - seen);
  return Math.max(0, Math.ceil(windowOf(now, before) - quiet));
}

/**
 * Whether a read at `clock` can have been followed by a write within the same tick of the file system's clock, which
 * no signature would show.
 */
export function isRacy(now: Signature, seen: number, clock: number): boolean {
  return Math.max(clock - Math.max(now.modified, now.changed), clock - seen) < WRITTEN_IN_PLACE;
}

/** Milliseconds that a file must be missing before it is: editors and checkouts remove and write again. */
export const MISSING = 50;

function windowOf(now: Signature, before: Signature | null): number {
  // A link that was pointed elsewhere: all files behind it change as one, so none may wait for its own sake.
  if (before !== null && before.real !== now.real) return 0;
  if (before?.inode === now.inode || now.size === 0) return WRITTEN_IN_PLACE;
  // A rename moves the time of change past the time of the last write.
  return now.changed > now.modified ? 0 : PERHAPS_RENAMED;
}
