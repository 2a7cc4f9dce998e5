// A lock between processes, by what every file system does atomically: a folder that names its owner is prepared
// aside and renamed into place, which fails while there is one already.
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 300_000;
const pauseMs = 50;

/** Runs `work` while holding `folder`. A lock whose owner is dead is taken over; waits `patience` ms at most. */
export async function withFolderLock<T>(
  folder: string,
  work: () => Promise<T>,
  patience = patienceMs,
): Promise<T> {
  await mkdir(dirname(folder), { recursive: true });
  const deadline = Date.now() + patience;
  while (!(await take(folder))) {
    if (Date.now() > deadline)
      throw new Error(`${folder} is still held by another process; remove it if not`);
    if (await isAbandoned(folder)) await clearAbandoned(folder);
    else await sleep(pauseMs);
  }
  try {
    return await work();
  } finally {
    await discard(folder);
  }
}

async function take(folder: string): Promise<boolean> {
  const prepared = await mkdtemp(`${folder}-`);
  await writeFile(join(prepared, 'pid'), String(process.pid));
  try {
    await rename(prepared, folder);
    return true;
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

// Out of the way in one step: removed in place, it would be an empty folder for a moment, which another may replace.
async function discard(folder: string): Promise<void> {
  const aside = await mkdtemp(`${folder}-`);
  await rename(folder, aside);
  await rm(aside, { recursive: true, force: true });
}

// Two that saw the same dead owner must not both clear: the second would remove the lock that the first has taken
// since. So clearing has a guard of its own, and looks again behind it.
async function clearAbandoned(folder: string): Promise<void> {
  const guard = `${folder}.clearing`;
  try {
    await mkdir(guard);
  } catch {
    await sleep(pauseMs);
    return;
  }
  try {
    if (await isAbandoned(folder)) await discard(folder);
  } finally {
    await rmdir(guard);
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'pid'), 'utf8').catch(() => '');
  return /^\d+$/.test(text) && !isAlive(Number(text));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
