// Which files a worker runs, asked over a connection of its own: a kept one would ask the same worker again, and
// one that is about to leave.

import { request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';

import { LAYOUT } from '../../model/runtime.ts';

export interface FilesAnswer {
  /** Digest of the files that the answering worker runs. */
  readonly files: string;
  /** Process id of its master. */
  readonly master: number;
}

/** @returns null when nobody answers, or not as `/config` does. */
export function askFiles(prefix: string, timeoutMs = 2000): Promise<FilesAnswer | null> {
  return new Promise((resolve) => {
    const socketPath = join(prefix, LAYOUT.controlSocket);
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ socketPath, path: '/config', agent: false, signal }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => resolve(null));
      answer.on('end', () => resolve(parseAnswer(answer.statusCode, Buffer.concat(chunks).toString('utf8'))));
    });
    outgoing.on('error', () => resolve(null));
    outgoing.end();
  });
}

/** `count` answers, each over a fresh connection, all begun at once so that they spread over the workers. */
export function askFilesOften(prefix: string, count: number): Promise<readonly (FilesAnswer | null)[]> {
  return Promise.all(Array.from({ length: count }, () => askFiles(prefix)));
}

const ANSWER = z.object({ files: z.string(), instance: z.object({ master: z.number() }) });

function parseAnswer(status: number | undefined, text: string): FilesAnswer | null {
  if (status !== 200) return null;
  try {
    const parsed = ANSWER.safeParse(JSON.parse(text));
    return parsed.success ? { files: parsed.data.files, master: parsed.data.instance.master } : null;
  } catch {
    return null;
  }
}
