// HUP and proof, for the one master that may get it.

import { errorCode } from '../files/world-error.ts';
import { liveMasters, type Master } from '../processes.ts';
import { markErrorLog } from './error-log.ts';
import { expectedWorkers } from './expected-workers.ts';
import { type Proof, proveFiles } from './prove.ts';

export interface ReloadOptions {
  readonly prefix: string;
  readonly text: string;
  readonly digest: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Called between the signal and the proof. */
  readonly onSignalled: () => void;
}

/**
 * The newest master alone is signalled: an old one of a hot upgrade takes HUP as "start workers again, with the old
 * files".
 */
export async function reloadAndProve(options: ReloadOptions, master: Master): Promise<Proof> {
  const mark = await markErrorLog(options.prefix);
  const before = new Set(master.workers.filter((worker) => !worker.shuttingDown).map(({ pid }) => pid));
  try {
    process.kill(master.pid, 'SIGHUP');
  } catch (error) {
    const reason = errorCode(error) ?? String(error);
    const hint = reason === 'EPERM' ? ': the controller must run as the same user as nginx, or as root' : '';
    const message = `master ${master.pid} cannot be signalled (${reason})${hint}`;
    return { outcome: 'not-live', message, switched: false };
  }
  options.onSignalled();
  const expected = expectedWorkers(options.text, before.size);
  return await proveFiles({ ...options, master, before, expected, mark });
}

/** Proof without a signal: for an nginx that was started with the files. */
export async function confirmFiles(
  options: Omit<ReloadOptions, 'onSignalled'>,
  master: Master,
): Promise<Proof> {
  const mark = await markErrorLog(options.prefix);
  const expected = expectedWorkers(options.text, master.workers.length);
  return await proveFiles({ ...options, master, before: new Set(), expected, mark });
}

export async function newestMaster(prefix: string): Promise<Master | null> {
  const [newest] = await liveMasters(prefix);
  return newest ?? null;
}
