// One controller for a prefix. The lock is a folder of claims, one empty file for each contender, named by pid and
// start time. Whoever has put its claim there and then sees no other live one holds the lock; a claim of a process
// that is gone counts for nothing. Since a claim's name belongs to one process for ever, removing a dead one can
// never hit a live one: there is no moment of taking over to race for. Two that start together may both step
// back, hence the few tries.
//
// Processes are told apart by /proc, so controllers in different pid namespaces that share a prefix do not see each
// other.

import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStat } from '../processes.ts';

export type LockOutcome = { readonly release: () => Promise<void> } | { readonly by: number };

const TRIES = 20;

/** @param folder made when it is not there. Throws what the file system throws. */
export async function acquireLock(folder: string): Promise<LockOutcome> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await ownClaim();
  for (let left = TRIES; ; left -= 1) {
    if (!(await claim(folder, own))) return { by: process.pid };
    const other = await liveClaim(folder, own);
    if (other === null) return { release: () => rm(join(folder, own), { force: true }) };
    await rm(join(folder, own), { force: true });
    // Also a holder that ends this moment is waited for: a restart follows the end of the old process closely.
    if (left <= 1) return { by: other };
    await sleep(5 + Math.random() * 20);
  }
}

async function ownClaim(): Promise<string> {
  const stat = await readStat(process.pid);
  if (stat === null)
    throw new Error('/proc does not show this process; the controller needs Linux with /proc');
  return `${process.pid}-${stat.startTime}`;
}

/** False: this very process holds it already. */
async function claim(folder: string, name: string): Promise<boolean> {
  try {
    await (await open(join(folder, name), 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The pid of another live contender; claims of the dead are removed on the way. */
async function liveClaim(folder: string, own: string): Promise<number | null> {
  for (const name of await readdir(folder)) {
    const [pid, startTime] = name.split('-');
    if (name === own || pid === undefined) continue;
    if ((await readStat(Number(pid)))?.startTime === startTime) return Number(pid);
    await rm(join(folder, name), { force: true });
  }
  return null;
}
