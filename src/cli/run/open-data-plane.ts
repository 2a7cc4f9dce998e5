// Everything about the nginx beside us, opened and brought back to order before the first pass: what it can do, the
// state folder and its lock, what was in force, and the two lanes that change it.

import { join } from 'node:path';
import type { Logger } from 'pino';
import type { CompileOutcome } from '../../model/outcome.ts';
import type { Applied, AppliedFiles } from '../../model/plan.ts';
import type { RenderedFiles } from '../../model/rendered.ts';
import { LAYOUT, type Runtime } from '../../model/runtime.ts';
import {
  ensureDefaultCertificate,
  prepareDefaultCertificate,
} from '../../nginx/certificate/default-certificate.ts';
import { closedFolder } from '../../nginx/detect/closed-folders.ts';
import { detectNginx } from '../../nginx/detect/detect-nginx.ts';
import { readAuthorities } from '../../nginx/files/authorities.ts';
import { type Compiler, createCompiler } from '../../nginx/files/compile.ts';
import { recoverFiles } from '../../nginx/files/recover.ts';
import { liveMasters } from '../../nginx/processes.ts';
import { createConfigClient } from '../../nginx/publish/config-client.ts';
import { createPublisher, type Publisher } from '../../nginx/publish/publisher.ts';
import type { Reach } from '../../nginx/publish/reach.ts';
import { openState, type State } from '../../nginx/state/open-state.ts';
import type { Flags } from '../../options/flags.ts';
import { PACKAGE } from '../package.ts';

export interface DataPlane {
  readonly runtime: Runtime;
  readonly binary: string;
  readonly state: State;
  readonly reach: Reach;
  readonly publisher: Publisher;
  readonly compiler: Compiler;
  /** What is in force, or will be at the next start of nginx. */
  readonly applied: Applied;
  /** Files with which nginx can be started. */
  readonly startable: boolean;
  /** What was found wrong and mended, in sentences. */
  readonly notes: readonly string[];
}

export interface OpenFailure {
  readonly message: string;
  readonly hint: string;
}

export async function openDataPlane(
  flags: Flags,
  path: string,
  parts: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<DataPlane | OpenFailure> {
  const { log, signal } = parts;
  const { prefix, documentsSize, includeMain, includeHttp } = flags;
  const inputs = { prefix, luaFolder: PACKAGE.lua, documentsSize, includeMain, includeHttp, path };
  prepareDefaultCertificate(prefix);
  const detected = await detectNginx({ binary: flags.nginx, ...inputs });
  if ('outcome' in detected) return detected;
  const opened = await openState(prefix, { warn: (message) => log.warn(message) });
  if (opened.outcome !== 'open') return { message: opened.message, hint: hintFor(opened.outcome) };
  const { state } = opened;
  const notes: string[] = [...state.documents.notes];
  const certificate = await ensureDefaultCertificate(prefix, Date.now());
  if (certificate.outcome === 'remade') notes.push(certificate.note);
  const closed = await closedFolder(prefix, process.getuid?.());
  if (closed !== null) notes.push(closed);

  const client = createConfigClient({ socketPath: join(prefix, LAYOUT.controlSocket), signal });
  const reach: Reach = { client, masters: () => liveMasters(prefix), signal };
  const publisher = createPublisher({ ...reach, state, log });
  await publisher.recover();

  const { binary, runtime } = detected;
  const onProven = (proven: RenderedFiles) => state.saveProven(proven);
  const compiler = createCompiler({ binary, prefix, log, signal, onProven });
  const files = await recoverProven(state, prefix, compiler, notes);
  for (const note of notes) log.warn(note);
  const applied = { documents: new Map(publisher.documents), files, compiling: null };
  const startable = files !== null;
  return { runtime, binary, state, reach, publisher, compiler, applied, startable, notes };
}

/** The files that are live or will be at the next start; null when there are none that were ever proven. */
async function recoverProven(
  state: State,
  prefix: string,
  compiler: Compiler,
  notes: string[],
): Promise<AppliedFiles | null> {
  const proven = await state.readLive();
  if (proven !== null) notes.push(...proven.notes);
  const recovery = await recoverFiles({ prefix, proven });
  notes.push(...recovery.notes);
  if (recovery.action === 'adopted') {
    const authorities = await readAuthorities(prefix, recovery.text);
    const saved = await state.saveProven(asRendered(recovery.files, recovery.text, authorities));
    if (saved.outcome === 'failed') notes.push(saved.message);
    return recovery.files;
  }
  if (recovery.action === 'rehup' && proven !== null) {
    const outcome = await compiler.reload(asRendered(proven.manifest, proven.text, proven.authorities));
    if (outcome.outcome !== 'proven') notes.push(describe(outcome));
    // What nginx runs instead is not known, so the first pass has to put files in force.
    if (outcome.outcome !== 'proven' && outcome.outcome !== 'written') return null;
  }
  return proven?.manifest ?? null;
}

function asRendered(
  files: AppliedFiles,
  text: string,
  authorities: ReadonlyMap<string, string>,
): RenderedFiles {
  return { ...files, texts: new Map([[LAYOUT.config, text], ...authorities]), lines: [] };
}

function describe(outcome: CompileOutcome): string {
  return 'message' in outcome
    ? `the proven files could not be put in force again: ${outcome.message}`
    : outcome.outcome;
}

function hintFor(outcome: 'locked' | 'failed'): string {
  return outcome === 'locked'
    ? 'one controller owns a prefix; give each its own with --prefix'
    : 'see that the folder of --prefix can be written by this user';
}
