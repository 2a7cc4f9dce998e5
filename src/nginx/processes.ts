// Which nginx masters of a prefix are alive and what their workers do, as /proc says (Linux only). Two of them are
// alive during a hot upgrade: the new one in the pid file, the old one in `<pid file>.oldbin`.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LAYOUT } from '../model/runtime.ts';

export interface Master {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat): with the pid, a name that is never given twice. */
  readonly startTime: string;
  /** Workers that have their title already, by pid. A worker that was forked this instant is not in the list yet. */
  readonly workers: readonly Worker[];
}

export interface Worker {
  readonly pid: number;
  /** Serves what it has and accepts nothing new. */
  readonly shuttingDown: boolean;
}

/** The master that the pid file names; null when there is none alive (or the file is stale or empty). */
export async function readMaster(prefix: string): Promise<Master | null> {
  return await masterOf(join(prefix, LAYOUT.pid));
}

/** Every live master of the prefix, the one of the pid file first. */
export async function liveMasters(prefix: string): Promise<readonly Master[]> {
  const file = join(prefix, LAYOUT.pid);
  const found = await Promise.all([masterOf(file), masterOf(`${file}.oldbin`)]);
  const masters = found.filter((master) => master !== null);
  return masters.filter((master, index) => masters.findIndex((other) => other.pid === master.pid) === index);
}

/** Whether it takes new connections: a master all of whose workers shut down (or that has none) does not. */
export function isServing(master: Master): boolean {
  return master.workers.some((worker) => !worker.shuttingDown);
}

export interface ProcessStat {
  readonly parent: number;
  readonly startTime: string;
}

/** Null when there is no such process, or only its zombie. */
export async function readStat(pid: number): Promise<ProcessStat | null> {
  const text = await readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the name in parentheses and may hold anything, so count from the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parent === undefined || startTime === undefined) return null;
  return state === 'Z' || state === 'X' ? null : { parent: Number(parent), startTime };
}

async function masterOf(pidFile: string): Promise<Master | null> {
  const text = (await readOrEmpty(pidFile)).trim();
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return null;
  const pid = Number(text);
  const stat = await readStat(pid);
  // The title tells a master from whatever else was given the pid of one that died without removing its file.
  if (stat === null || !(await readTitle(pid)).startsWith('nginx: master process')) return null;
  return { pid, startTime: stat.startTime, workers: await workersOf(pid) };
}

async function workersOf(master: number): Promise<readonly Worker[]> {
  const children = await childrenOf(master);
  const titles = await Promise.all(
    children.map(async (pid) => ({ pid, title: await readTitle(pid), stat: await readStat(pid) })),
  );
  return titles
    .filter(({ title, stat }) => stat !== null && title.startsWith('nginx: worker process'))
    .map(({ pid, title }) => ({ pid, shuttingDown: title.includes('is shutting down') }))
    .sort((a, b) => a.pid - b.pid);
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    // Kernels without CONFIG_PROC_CHILDREN.
    const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const stats = await Promise.all(all.map(async (child) => ({ child, stat: await readStat(child) })));
    return stats.filter(({ stat }) => stat?.parent === pid).map(({ child }) => child);
  }
}

/** The title ends at the first NUL; nginx pads the rest of its argv with NULs. */
async function readTitle(pid: number): Promise<string> {
  return (await readOrEmpty(`/proc/${pid}/cmdline`)).split('\0')[0] ?? '';
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
