// What one process wrote to the error log since a moment that was noted before.

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { LAYOUT } from '../../model/runtime.ts';
import { type Complaint, parseComplaints } from './parse-emerg.ts';

export interface LogMark {
  readonly path: string;
  readonly inode: number;
  readonly size: number;
}

export async function markErrorLog(prefix: string): Promise<LogMark> {
  const path = join(prefix, LAYOUT.errorLog);
  const found = await stat(path).catch(() => null);
  return { path, inode: found?.ino ?? 0, size: found?.size ?? 0 };
}

/** Complaints of process `pid` after the mark, at most the last MiB of them. A rotated log is read from its start. */
export async function complaintsSince(mark: LogMark, pid: number): Promise<readonly Complaint[]> {
  const handle = await open(mark.path, 'r').catch(() => null);
  if (handle === null) return [];
  try {
    const { ino, size } = await handle.stat();
    const from = ino === mark.inode && size >= mark.size ? mark.size : 0;
    const length = Math.min(size - from, MAXIMUM);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return parseComplaints(buffer.toString('utf8')).filter((complaint) => complaint.pid === pid);
  } finally {
    await handle.close();
  }
}

const MAXIMUM = 1024 * 1024;
