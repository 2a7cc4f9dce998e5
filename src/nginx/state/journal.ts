// One journal file: deltas are appended, in the page cache before `append` returns (a killed controller loses
// nothing) and on the disk at most 100 ms later (a machine that loses power loses that much).

import { type FileHandle, open } from 'node:fs/promises';

export interface Journal {
  readonly size: () => number;
  /** True after an error that may have left anything in the file: it must not be appended to any more. */
  readonly broken: () => boolean;
  /** Throws what the file system throws; the file then ends where it ended before, or the journal is `broken`. */
  append(text: string): Promise<void>;
  /** Throws what the file system throws. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const SYNC_WITHIN_MS = 50;

export interface JournalOptions {
  readonly path: string;
  /** Bytes that count; what follows them is cut off. 0 for a new file. */
  readonly size: number;
  readonly onSyncError: (error: Error) => void;
}

/** Throws what the file system throws. */
export async function openJournal({ path, size: kept, onSyncError }: JournalOptions): Promise<Journal> {
  const file = await openOrCreate(path);
  let size = kept;
  let broken = false;
  let timer: NodeJS.Timeout | null = null;
  if ((await file.stat()).size > kept) {
    await file.truncate(kept);
    await file.sync();
  }

  async function append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    try {
      await writeAll(file, bytes, size);
    } catch (error) {
      await file.truncate(size).catch(() => {
        broken = true;
      });
      throw error;
    }
    size += bytes.length;
    timer ??= setTimeout(() => void syncLater(), SYNC_WITHIN_MS);
  }

  async function sync(): Promise<void> {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    try {
      await file.datasync();
    } catch (error) {
      // The kernel may have dropped the pages that it could not write: only a new file is sure again.
      broken = true;
      throw error;
    }
  }

  async function syncLater(): Promise<void> {
    await sync().catch(onSyncError);
  }

  async function close(): Promise<void> {
    await sync().catch(onSyncError);
    await file.close();
  }

  return { size: () => size, broken: () => broken, append, sync, close };
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return await open(path, 'wx+', 0o600);
  }
}

/** A full disk or a size limit shows as a short write first, and as an error only at the next one. */
async function writeAll(file: FileHandle, bytes: Buffer, start: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done);
    done += bytesWritten;
  }
}
