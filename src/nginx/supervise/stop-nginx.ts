// The end of an nginx that we supervise: QUIT, and when that takes too long TERM, then KILL; its orphans too.

import { setTimeout as sleep } from 'node:timers/promises';

import { liveMasters } from '../processes.ts';
import { findOrphans, signalOrphan } from './orphans.ts';
import { removeStaleSockets } from './stale-sockets.ts';

/** @param graceMs how long open connections may last after QUIT. @returns the signal that ended the last of it. */
export async function stopNginx(prefix: string, graceMs: number): Promise<NodeJS.Signals> {
  const steps = [
    { name: 'SIGQUIT', waitMs: graceMs },
    { name: 'SIGTERM', waitMs: 3000 },
    { name: 'SIGKILL', waitMs: 3000 },
  ] as const;
  let last: NodeJS.Signals = 'SIGQUIT';
  for (const { name, waitMs } of steps) {
    if (await isGone(prefix)) break;
    last = name;
    await signalAll(prefix, name);
    const deadline = performance.now() + waitMs;
    while (performance.now() < deadline && !(await isGone(prefix))) await sleep(20);
  }
  await removeStaleSockets(prefix);
  return last;
}

async function signalAll(prefix: string, name: NodeJS.Signals): Promise<void> {
  for (const master of await liveMasters(prefix)) {
    try {
      process.kill(master.pid, name);
    } catch {
      // ended in this instant
    }
  }
  for (const orphan of await findOrphans(prefix)) await signalOrphan(orphan, name);
}

async function isGone(prefix: string): Promise<boolean> {
  return (await liveMasters(prefix)).length === 0 && (await findOrphans(prefix)).length === 0;
}
