// Scans in, Snapshots out: remembers each file as it was parsed last, so a scan costs what changed.

import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { EMPTY_SNAPSHOT } from '../../model/snapshot.ts';
import type { Scan } from '../watch/scan-folders.ts';
import { mergeFiles } from './merge-files.ts';
import type { ParsedFile } from './parse-file.ts';
import { parseFile } from './parse-file.ts';

/** @returns a function that gives the same Snapshot again when a scan changes nothing. Calls must not overlap. */
export function createReader(): (scan: Scan) => Promise<Snapshot> {
  let parsed = new Map<string, ParsedFile>();
  let snapshot = EMPTY_SNAPSHOT;
  let last: Scan | null = null;

  return async (scan) => {
    if (last?.files === scan.files && isDeepStrictEqual(last.unreadable, scan.unreadable)) return snapshot;
    last = scan;
    const next = new Map<string, ParsedFile>();
    for (const scanned of scan.files) {
      const before = parsed.get(scanned.name) ?? null;
      next.set(scanned.name, before?.scanned === scanned ? before : await parseFile(scanned, before));
    }
    parsed = next;
    snapshot = mergeFiles([...next.values()], scan.unreadable.map(missing), snapshot);
    return snapshot;
  };
}

function missing({ name, reason }: Scan['unreadable'][number]): Diagnostic {
  return {
    code: 'folder-unreadable',
    severity: 'error',
    object: `File/${name}`,
    field: '',
    message: `the folder cannot be read: ${reason}; what it last held stays in force`,
    hint: 'Create it (an empty folder means: no objects), or take it out of the command line.',
  };
}
