// Files put in force, proven, or taken back: stage → nginx -t → note → swap → HUP → proof. At each step a crash
// leaves a file that nginx can start with, the last good one or the tested new one; `recoverFiles` tells which.

import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Logger } from 'pino';

import type { CompileOutcome } from '../../model/outcome.ts';
import type { RenderedFiles } from '../../model/rendered.ts';
import { LAYOUT } from '../../model/runtime.ts';
import { confirmFiles, newestMaster, reloadAndProve } from '../reload/reload.ts';
import { testConfig } from '../reload/test-config.ts';
import { writeDurably } from '../state/durable.ts';
import type { SaveOutcome } from '../state/proven-files.ts';
import { forgetAuthorities, writeAuthorities } from './authorities.ts';
import { writeCandidate } from './candidate.ts';
import type { CompileStep } from './compile-step.ts';
import { promoteStaged, readLive, swapLive } from './live-file.ts';
import { describeError } from './world-error.ts';

export interface CompilerOptions {
  /** Absolute. */
  readonly binary: string;
  readonly prefix: string;
  /** Besides the controller's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Saves the generation as the proven one. Its failure does not undo what is live: it becomes a note. */
  readonly onProven: (files: RenderedFiles) => Promise<SaveOutcome>;
  /** Time that a test or a reload of the smallest file may take; more for bigger ones. Default 30 s. */
  readonly baseTimeMs?: number;
  /** Told of each step when it is done; what tests kill the controller by. */
  readonly onStep?: (step: CompileStep) => void;
}

/** One call at a time: a second during the first is our own bug and throws. */
export interface Compiler {
  readonly compile: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** HUP and proof of files that are the live ones on disk already. */
  readonly reload: (files: RenderedFiles) => Promise<CompileOutcome>;
  /** Proof without HUP, for an nginx that was started after `written`. */
  readonly confirm: (files: RenderedFiles) => Promise<CompileOutcome>;
}

export function createCompiler(options: CompilerOptions): Compiler {
  let busy = false;
  const alone =
    (work: (files: RenderedFiles, options: CompilerOptions) => Promise<CompileOutcome>) =>
    async (files: RenderedFiles): Promise<CompileOutcome> => {
      if (busy) throw new Error('a compile is under way already');
      busy = true;
      try {
        return await work(files, options);
      } catch (error) {
        return { outcome: 'failed', message: describeError(error) };
      } finally {
        busy = false;
      }
    };
  return { compile: alone(compile), reload: alone(reload), confirm: alone(confirm) };
}

async function compile(files: RenderedFiles, options: CompilerOptions): Promise<CompileOutcome> {
  const begun = performance.now();
  const text = configOf(files);
  const { prefix } = options;
  const staged = `conf/.staged-${files.digest}.conf`;
  try {
    await writeAuthorities(prefix, files.texts);
    await writeDurably(join(prefix, staged), text, 0o644);
    options.onStep?.('staged');
    const refusal = await test(staged, text, options);
    if (refusal !== null) return refusal;
    options.onStep?.('tested');
    const previous = await readLive(prefix);
    await writeCandidate(prefix, text, files);
    options.onStep?.('noted');
    await promoteStaged(prefix, staged);
    options.onStep?.('swapped');
    const outcome = await reload(files, options, begun);
    if (outcome.outcome === 'not-live' && previous !== null)
      await rollBack(previous, outcome.switched, options);
    return outcome;
  } finally {
    await rm(join(prefix, staged), { force: true });
  }
}

// Staged in the folder of the live file, so that relative paths in it mean the same.
async function test(staged: string, text: string, options: CompilerOptions): Promise<CompileOutcome | null> {
  const { prefix, binary, env = {}, signal } = options;
  const tested = await testConfig(staged, {
    binary,
    prefix,
    env,
    signal,
    timeoutMs: timeLimit(text, options),
  });
  if (tested.outcome === 'valid') return null;
  if (tested.outcome === 'failed') return tested;
  const { message, file, line } = tested.complaint;
  const ours = file === null || relative(prefix, file) === staged;
  return { outcome: 'invalid', message, file: ours && file !== null ? LAYOUT.config : file, line, ours };
}

async function reload(
  files: RenderedFiles,
  options: CompilerOptions,
  begun = performance.now(),
): Promise<CompileOutcome> {
  const text = configOf(files);
  const master = await newestMaster(options.prefix);
  if (master === null) return NOBODY;
  const onSignalled = () => options.onStep?.('signalled');
  const how = { prefix: options.prefix, digest: files.digest, signal: options.signal, text, onSignalled };
  const proof = await reloadAndProve({ ...how, deadlineMs: timeLimit(text, options) }, master);
  if (proof.outcome === 'live') return await finish(files, options, begun);
  // What nginx does with the signal is open then, as after a crash: `recoverFiles` of the next start looks.
  return options.signal.aborted ? { outcome: 'failed', message: proof.message } : proof;
}

async function confirm(files: RenderedFiles, options: CompilerOptions): Promise<CompileOutcome> {
  const begun = performance.now();
  const text = configOf(files);
  const master = await newestMaster(options.prefix);
  if (master === null) return NOBODY;
  const { prefix, signal } = options;
  const proof = await confirmFiles(
    { prefix, signal, text, digest: files.digest, deadlineMs: 10_000 },
    master,
  );
  return proof.outcome === 'live' ? await finish(files, options, begun) : proof;
}

async function finish(
  files: RenderedFiles,
  options: CompilerOptions,
  begun: number,
): Promise<CompileOutcome> {
  options.onStep?.('live');
  const durationMs = performance.now() - begun;
  const saved = await options.onProven(files);
  await forgetAuthorities(options.prefix, files.texts);
  if (saved.outcome === 'saved') return { outcome: 'proven', durationMs, notes: [] };
  const note = `the files are live, but could not be kept as the proven ones: ${saved.message}`;
  options.log.warn(note);
  return { outcome: 'proven', durationMs, notes: [note] };
}

// A master that refused runs the previous files still, and needs no signal; one that has switched does.
async function rollBack(
  previous: string,
  switched: boolean,
  { prefix, log }: CompilerOptions,
): Promise<void> {
  await swapLive(prefix, previous);
  const master = switched ? await newestMaster(prefix) : null;
  if (master === null) return;
  process.kill(master.pid, 'SIGHUP');
  log.warn({ master: master.pid }, 'the previous files are back on disk, and nginx was told to read them');
}

const NOBODY: CompileOutcome = {
  outcome: 'written',
  message: 'no nginx of this prefix runs; the files are proven at its start',
};

// nginx reads about 0.3 MB a second where it is slowest (many TLS servers, old version), twice for a reload.
function timeLimit(text: string, { baseTimeMs = 30_000 }: CompilerOptions): number {
  return baseTimeMs + 20_000 * (text.length / 1_000_000);
}

function configOf(files: RenderedFiles): string {
  const text = files.texts.get(LAYOUT.config);
  if (text === undefined) throw new Error(`expected a file ${LAYOUT.config}`);
  return text;
}
