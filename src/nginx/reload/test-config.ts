// `nginx -t` of one file. It proves that nginx can read it, nothing more: not that its ports are free, nor that
// its Lua starts. Only the reload's proof says that.

import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

import { LAYOUT } from '../../model/runtime.ts';
import { type Complaint, parseComplaints } from './parse-emerg.ts';

export interface TestOptions {
  readonly binary: string;
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type TestOutcome =
  | { readonly outcome: 'valid' }
  | { readonly outcome: 'invalid'; readonly complaint: Complaint }
  | { readonly outcome: 'failed'; readonly message: string };

/** @param config path below the prefix. */
export async function testConfig(config: string, options: TestOptions): Promise<TestOutcome> {
  const result = await execa(options.binary, ['-t', '-p', options.prefix, '-c', config], {
    reject: false,
    stdin: 'ignore',
    env: options.env,
    timeout: options.timeoutMs,
    cancelSignal: options.signal,
    maxBuffer: 1024 * 1024,
  });
  await dropEmptyPidFile(join(options.prefix, LAYOUT.pid));
  if (result.exitCode === 0) return { outcome: 'valid' };
  const [complaint] = parseComplaints(result.stderr);
  if (result.isCanceled)
    return { outcome: 'failed', message: 'nginx -t was broken off: the controller stops' };
  if (result.timedOut) {
    return {
      outcome: 'failed',
      message: `nginx -t did not end within ${Math.round(options.timeoutMs / 1000)} s`,
    };
  }
  if (complaint !== undefined) return { outcome: 'invalid', complaint };
  return { outcome: 'failed', message: `nginx -t failed: ${lastLine(result.stderr) || result.shortMessage}` };
}

/** nginx -t makes an empty pid file where there is none, and `nginx -s` then complains about it. */
async function dropEmptyPidFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.size === 0) await rm(path, { force: true });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? '';
}
