// After a start of the controller: is the live file the proven one, and do the workers run it? Whatever a crash or
// a hand left there is brought back to a state in which file, workers and memory agree.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AppliedFiles } from '../../model/plan.ts';
import { askFilesOften } from '../reload/ask-files.ts';
import { newestMaster } from '../reload/reload.ts';
import { writeAuthorities } from './authorities.ts';
import { digestText, readCandidate } from './candidate.ts';
import { readLive, setAside, swapLive } from './live-file.ts';

export interface RecoverOptions {
  readonly prefix: string;
  /** The newest proven generation of the state folder, or null when there is none. */
  readonly proven: {
    readonly digest: string;
    readonly text: string;
    readonly authorities?: ReadonlyMap<string, string>;
  } | null;
}

export type Recovery =
  /** The live file is the proven one (or there is none of either) and no worker says otherwise. */
  | { readonly action: 'none'; readonly notes: readonly string[] }
  /** The proven text was put back in place; the workers run it, or none runs. */
  | { readonly action: 'restored'; readonly notes: readonly string[] }
  /** The workers run the live file, which is tested and ours but not kept as proven yet: the caller keeps it. */
  | {
      readonly action: 'adopted';
      readonly files: AppliedFiles;
      readonly text: string;
      readonly notes: readonly string[];
    }
  /** The proven text is in place, and workers run something else: the caller reloads (`compiler.reload`). */
  | { readonly action: 'rehup'; readonly notes: readonly string[] };

/** Throws only system errors (a folder that cannot be written). */
export async function recoverFiles({ prefix, proven }: RecoverOptions): Promise<Recovery> {
  await removeLeftovers(prefix);
  await writeAuthorities(prefix, proven?.authorities ?? new Map());
  const live = await readLive(prefix);
  const candidate = await readCandidate(prefix);
  const running = await askUntilAgreed(prefix);
  const isCandidate = live !== null && candidate?.textDigest === digestText(live);

  if (live !== null && live === proven?.text)
    return { action: isOther(running, proven) ? 'rehup' : 'none', notes: [] };
  if (live !== null && isCandidate && candidate !== null && running === candidate.files.digest) {
    return {
      action: 'adopted',
      files: candidate.files,
      text: live,
      notes: ['files that are live were not kept as proven'],
    };
  }
  if (proven === null) {
    if (live === null || isCandidate) return { action: 'none', notes: [] };
    const kept = await setAside(prefix);
    return {
      action: 'none',
      notes: [`conf/nginx.conf is not from this controller; a copy is kept as ${kept}`],
    };
  }
  const notes = [await describeLoss(prefix, live, isCandidate)];
  await swapLive(prefix, proven.text);
  return { action: isOther(running, proven) ? 'rehup' : 'restored', notes };
}

/** A digest of files, or `none`: no nginx runs, or `mixed`: workers answer differently, or not at all. */
type Running = string;

// A reload may be under way, signalled by a controller that was killed since: give it the time to end.
async function askUntilAgreed(prefix: string): Promise<Running> {
  for (let attempt = 0; attempt < 40; attempt++) {
    if ((await newestMaster(prefix)) === null) return 'none';
    const answers = new Set((await askFilesOften(prefix, 12)).map((answer) => answer?.files ?? null));
    const [only] = answers;
    if (answers.size === 1 && only !== null && only !== undefined) return only;
    await sleep(100);
  }
  return 'mixed';
}

function isOther(running: Running, proven: { readonly digest: string }): boolean {
  return running !== 'none' && running !== proven.digest;
}

async function describeLoss(prefix: string, live: string | null, isCandidate: boolean): Promise<string> {
  if (live === null) return 'conf/nginx.conf was missing; the proven one is back';
  if (isCandidate)
    return 'files that were not proven when the controller ended were replaced by the proven ones';
  return `conf/nginx.conf was changed by another hand; the proven one is back, the other is ${await setAside(prefix)}`;
}

async function removeLeftovers(prefix: string): Promise<void> {
  const names = await readdir(join(prefix, 'conf')).catch(() => []);
  for (const name of names) {
    if (/^\.(staged-.*\.conf|.*\.tmp)$/.test(name)) await rm(join(prefix, 'conf', name), { force: true });
  }
}
