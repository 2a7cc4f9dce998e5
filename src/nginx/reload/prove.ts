// Proof that files are live. Exit codes say nothing (a reload that fails goes on with the old files), and the first
// new answer says little (other workers still answer with the old ones): done is when every worker of before has
// left or is leaving, as many new ones are there as the files ask for, and fresh connections all answer with the
// digest.

import { setTimeout as sleep } from 'node:timers/promises';

import { liveMasters, type Master } from '../processes.ts';
import { askFilesOften } from './ask-files.ts';
import { complaintsSince, type LogMark } from './error-log.ts';

export interface ProofOptions {
  readonly prefix: string;
  readonly digest: string;
  /** The master that was signalled, as it was before. */
  readonly master: Master;
  /** Workers of before; empty when nothing was signalled and only the answers count. */
  readonly before: ReadonlySet<number>;
  readonly expected: ReadonlySet<number>;
  /** Where the error log stood before the signal. */
  readonly mark: LogMark;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type Proof =
  | { readonly outcome: 'live' }
  /** `switched`: workers of before have gone, so what runs is no longer what ran. */
  | { readonly outcome: 'not-live'; readonly message: string; readonly switched: boolean };

export async function proveFiles(options: ProofOptions): Promise<Proof> {
  const { prefix, digest, before, expected, deadlineMs } = options;
  const deadline = performance.now() + deadlineMs;
  let seen = 'nothing was seen of the new workers';
  let switched = false;
  while (performance.now() < deadline && !options.signal.aborted) {
    const master = await findMaster(prefix, options.master);
    if (master === null) return { outcome: 'not-live', message: await deathMessage(options), switched: true };
    const left = master.workers.filter((worker) => before.has(worker.pid) && !worker.shuttingDown).length;
    const fresh = master.workers.filter((worker) => !before.has(worker.pid) && !worker.shuttingDown).length;
    switched ||= left < before.size;
    seen = `${left} of ${before.size} old workers still accept, ${fresh} new ones are there`;
    if (left === 0 && expected.has(fresh)) {
      const answers = await askFilesOften(prefix, Math.max(8, 3 * fresh));
      // During a hot upgrade the other master's workers answer on the same socket: theirs prove nothing here.
      const own = answers.filter((answer) => answer === null || answer.master === master.pid);
      const right = own.filter((answer) => answer?.files === digest).length;
      if (right > 0 && right === own.length) return { outcome: 'live' };
      seen = `${seen}, but only ${right} of ${own.length} answers of /config are from the new files`;
    }
    const refusal = await refusalSince(options);
    if (refusal !== null) return { outcome: 'not-live', message: refusal, switched };
    await sleep(POLL_MS);
  }
  const reason = options.signal.aborted ? 'broken off' : `not within ${Math.round(deadlineMs / 1000)} s`;
  return { outcome: 'not-live', message: `not proven live (${reason}): ${seen}`, switched };
}

const POLL_MS = 15;

async function findMaster(prefix: string, wanted: Master): Promise<Master | null> {
  const masters = await liveMasters(prefix);
  return masters.find(({ pid, startTime }) => pid === wanted.pid && startTime === wanted.startTime) ?? null;
}

// A port that is taken is tried five times, so a single `bind() failed` is not the end yet; everything else is.
async function refusalSince({ mark, master }: ProofOptions): Promise<string | null> {
  const complaints = await complaintsSince(mark, master.pid);
  const final = complaints.find((complaint) => !complaint.message.startsWith('bind() to '));
  if (final === undefined) return null;
  const bind = complaints.find((complaint) => complaint.message.startsWith('bind() to '));
  const told = final.message.includes('could not bind') && bind !== undefined ? bind : final;
  const place = told.file === null ? '' : ` in ${told.file}:${told.line}`;
  return `nginx keeps the old files: ${told.message}${place}`;
}

async function deathMessage(options: ProofOptions): Promise<string> {
  const refusal = await refusalSince(options);
  return `nginx (master ${options.master.pid}) died during the reload${refusal === null ? '' : `; ${refusal}`}`;
}
