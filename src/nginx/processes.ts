// Which nginx masters of a prefix are alive and what their workers do, as /proc says (Linux only). Two of them are
// alive during a hot upgrade: the new one in the pid file, the old one in `<pid file>.oldbin`.

import { readdirSync, readFileSync } from 'node:fs';
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
  return masterOf(join(prefix, LAYOUT.pid));
}

/** Every live master of the prefix, the one of the pid file first. */
export async function liveMasters(prefix: string): Promise<readonly Master[]> {
  const file = join(prefix, LAYOUT.pid);
  const found = [masterOf(file), masterOf(`${file}.oldbin`)];
  const masters = found.filter((master) => master !== null);
  return masters.filter((master, index) => masters.findIndex((other) => other.pid === master.pid) === index);
}

/** Whether it takes new connections: a master all of whose workers shut down (or that has none) does not. */
export function isServing(master: Master): boolean {
  return master.workers.some((worker) => !worker.shuttingDown);
}

/** Is this very process still there? Costs one small read, so it may be asked often. */
export function isAlive({ pid, startTime }: Pick<Master, 'pid' | 'startTime'>): boolean {
  return statOf(pid)?.startTime === startTime;
}

export interface ProcessStat {
  readonly parent: number;
  readonly startTime: string;
}

/** Null when there is no such process, or only its zombie. */
export async function readStat(pid: number): Promise<ProcessStat | null> {
  return statOf(pid);
}

function statOf(pid: number): ProcessStat | null {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the name in parentheses and may hold anything, so count from the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parent === undefined || startTime === undefined) return null;
  return state === 'Z' || state === 'X' ? null : { parent: Number(parent), startTime };
}

function masterOf(pidFile: string): Master | null {
  const text = readOrEmpty(pidFile).trim();
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return null;
  const pid = Number(text);
  const stat = statOf(pid);
  // The title tells a master from whatever else was given the pid of one that died without removing its file.
  if (stat === null || !readTitle(pid).startsWith('nginx: master process')) return null;
  return { pid, startTime: stat.startTime, workers: workersOf(pid) };
}

function workersOf(master: number): readonly Worker[] {
  return childrenOf(master)
    .map((pid) => ({ pid, title: readTitle(pid), stat: statOf(pid) }))
    .filter(({ title, stat }) => stat !== null && title.startsWith('nginx: worker process'))
    .map(({ pid, title }) => ({ pid, shuttingDown: title.includes('is shutting down') }))
    .sort((a, b) => a.pid - b.pid);
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    // Kernels without CONFIG_PROC_CHILDREN.
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return all.filter((child) => statOf(child)?.parent === pid);
  }
}

/** The title ends at the first NUL; nginx pads the rest of its argv with NULs. */
function readTitle(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
}

/** At once: /proc never waits for a disk, and a trip through the thread pool costs ten times as much as the read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
