// The note beside the live file that says which files were put there last, and what has to be remembered of them.
// Written before the swap, so that after a crash a tested file of ours is told from one edited by hand, and can be
// adopted with all that the planner needs to know about it.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import type { AppliedFiles } from '../../model/plan.ts';
import { writeDurably } from '../state/durable.ts';

export interface Candidate {
  /** 32 hex digits of SHA-256 over the text of the file. */
  readonly textDigest: string;
  readonly files: AppliedFiles;
}

export async function writeCandidate(prefix: string, text: string, files: AppliedFiles): Promise<void> {
  const json = JSON.stringify({
    v: 1,
    textDigest: digestText(text),
    digest: files.digest,
    sections: [...files.sections],
    compiled: [...files.compiled].map(([host, keys]) => [host, [...keys]]),
    terms: [...(files.terms ?? [])],
  });
  await writeDurably(candidatePath(prefix), `${json}\n`, 0o600);
}

/** @returns null when there is none or it is not readable as one: then nothing is known of the live file. */
export async function readCandidate(prefix: string): Promise<Candidate | null> {
  try {
    const parsed = CANDIDATE.safeParse(JSON.parse(await readFile(candidatePath(prefix), 'utf8')));
    if (!parsed.success) return null;
    const { textDigest, digest, sections, compiled, terms } = parsed.data;
    const keys = new Map(compiled.map(([host, pairs]) => [host, new Map(pairs)]));
    const files = { digest, sections: new Map(sections), compiled: keys, terms: new Map(terms) };
    return { textDigest, files };
  } catch {
    return null;
  }
}

export function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

const PAIR = z.tuple([z.string(), z.string()]);
const CANDIDATE = z.object({
  v: z.literal(1),
  textDigest: z.string(),
  digest: z.string(),
  sections: z.array(PAIR),
  compiled: z.array(z.tuple([z.string(), z.array(PAIR)])),
  terms: z.array(PAIR).default([]),
});

function candidatePath(prefix: string): string {
  return join(prefix, 'conf/.candidate.json');
}
