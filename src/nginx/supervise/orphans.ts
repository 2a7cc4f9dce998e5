// Workers that outlived their master (it was killed): they go on accepting with the old files, nobody can reload
// them, and the next nginx cannot bind. They are told from all other processes by three things together: the title
// of a worker, a parent that is no nginx master, and this prefix's error log among their open files, which nginx
// opens before it forks. Looked up when needed, so nothing has to be remembered over a crash of the controller.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { LAYOUT } from '../../model/runtime.ts';
import { readStat } from '../processes.ts';

export interface Orphan {
  readonly pid: number;
  readonly startTime: string;
  /** Accepts nothing new and only finishes what it has: in nobody's way. */
  readonly shuttingDown: boolean;
}

export async function findOrphans(prefix: string): Promise<readonly Orphan[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => asOrphan(pid, join(prefix, LAYOUT.errorLog))));
  return found.filter((orphan) => orphan !== null);
}

/**
 * Frees the ports. QUIT first: a worker closes its listeners at once and lets open connections end by themselves;
 * one that does not obey gets TERM, then KILL. @returns the pids that had to go.
 */
export async function retireOrphans(prefix: string): Promise<readonly number[]> {
  const retired = new Set<number>();
  for (const name of ['SIGQUIT', 'SIGTERM', 'SIGKILL'] as const) {
    for (let attempt = 0; attempt < 100; attempt++) {
      const accepting = (await findOrphans(prefix)).filter((orphan) => !orphan.shuttingDown);
      if (accepting.length === 0) return [...retired];
      if (attempt === 0) for (const orphan of accepting) retired.add(await signalOrphan(orphan, name));
      await sleep(20);
    }
  }
  return [...retired];
}

/** Signals it if it still is the process that was found. @returns its pid. */
export async function signalOrphan(orphan: Orphan, name: NodeJS.Signals): Promise<number> {
  if ((await readStat(orphan.pid))?.startTime === orphan.startTime) {
    try {
      process.kill(orphan.pid, name);
    } catch {
      // gone in this instant
    }
  }
  return orphan.pid;
}

async function asOrphan(pid: number, errorLog: string): Promise<Orphan | null> {
  const title = await readTitle(pid);
  if (!title.startsWith('nginx: worker process') && !title.startsWith('nginx: cache ')) return null;
  const stat = await readStat(pid);
  if (stat === null || (await readTitle(stat.parent)).startsWith('nginx: master process')) return null;
  if (!(await hasOpen(pid, errorLog))) return null;
  return { pid, startTime: stat.startTime, shuttingDown: title.includes('shutting down') };
}

async function hasOpen(pid: number, path: string): Promise<boolean> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const name of names) {
    const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    if (target === path || target === `${path} (deleted)`) return true;
  }
  return false;
}

async function readTitle(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0')[0] ?? '';
}
