// What a process has had of the processors, and where it may run.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Nanoseconds on a processor since it started, user and kernel, exact to the context switch. */
export async function cpuTime(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/schedstat`, 'utf8');
  return Number(text.split(' ')[0]);
}

/** Bytes that it holds in memory. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** The processor of what is measured, and the one of all that surrounds it. Both are 0 where there is only one. */
export const SUBJECT_CPU = 0;
export const LOAD_CPU = availableParallelism() > 1 ? 1 : 0;

export async function pin(pid: number, cpu: number): Promise<void> {
  await execute('taskset', ['-a', '-p', '-c', String(cpu), String(pid)]);
}
