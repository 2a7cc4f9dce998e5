// Looking at processes through /proc: which nginx masters run in a prefix, and which workers are theirs.
import { readdir, readFile } from 'node:fs/promises';

/** Pids of the nginx masters whose command line names `prefix`, oldest pid first. Two during a binary upgrade. */
export async function findMasters(prefix: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const title = await processTitle(Number(name));
    if (title.startsWith('nginx: master process') && title.split(' ').includes(prefix))
      found.push(Number(name));
  }
  return found.sort((a, b) => a - b);
}

/** Children of a process; empty when it is gone. */
export async function childPids(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** The command line with spaces between its arguments; empty when the process is gone or a zombie. */
export async function processTitle(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.replaceAll('\0', ' ').trim();
}

/** Workers that take new connections: those on their way out are not counted. */
export async function activeWorkers(master: number): Promise<readonly number[]> {
  const active: number[] = [];
  for (const pid of await childPids(master)) {
    if ((await processTitle(pid)) === 'nginx: worker process') active.push(pid);
  }
  return active;
}

/** Sends a signal; false when there is no such process. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
