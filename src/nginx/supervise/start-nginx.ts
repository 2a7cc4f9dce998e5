// One start of nginx as the daemon that its configuration makes it: it outlives a controller that is killed, Ctrl-C in
// a terminal is not for it, and it can be upgraded (a master in the foreground ignores USR2 while its parent lives).

import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { LAYOUT } from '../../model/runtime.ts';
import { describeError } from '../files/world-error.ts';
import { isServing, liveMasters, type Master } from '../processes.ts';
import { markErrorLog } from '../reload/error-log.ts';
import { parseComplaints } from '../reload/parse-emerg.ts';

export interface StartOptions {
  /** Absolute: a hot upgrade executes it again by this name. */
  readonly binary: string;
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
}

export type StartOutcome =
  | { readonly outcome: 'started'; readonly master: Master }
  | { readonly outcome: 'failed'; readonly message: string };

/** Resolves when the master has workers that accept, or when it ended before that. */
export async function startNginx(options: StartOptions): Promise<StartOutcome> {
  try {
    return await start(options);
  } catch (error) {
    return { outcome: 'failed', message: describeError(error) };
  }
}

async function start(options: StartOptions): Promise<StartOutcome> {
  const { binary, prefix } = options;
  const mark = await markErrorLog(prefix);
  const stderrPath = join(prefix, 'logs/start.log');
  const stderr = await open(stderrPath, 'w');
  const child = spawn(binary, ['-p', prefix, '-c', LAYOUT.config], {
    cwd: prefix,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['ignore', 'ignore', stderr.fd],
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once('exit', (code) => resolve(code === 0));
    child.once('error', () => resolve(false));
  });
  await stderr.close();
  const deadline = performance.now() + options.deadlineMs;
  const inTime = sleep(options.deadlineMs, false, { ref: false });
  // What was started leaves when the daemon listens; its exit code is the first word on the start.
  const daemonised = await Promise.race([ended, inTime]);
  while (daemonised && performance.now() < deadline) {
    const [master] = await liveMasters(prefix);
    if (master !== undefined && isServing(master)) return { outcome: 'started', master };
    await sleep(15);
  }
  if (child.exitCode === null) child.kill('SIGTERM');
  const said = await readFile(stderrPath, 'utf8').catch(() => '');
  const logged = await readFrom(mark.path, mark.size);
  const [complaint] = [...parseComplaints(said), ...parseComplaints(logged)];
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  return { outcome: 'failed', message: complaint?.message ?? (last || 'nginx ended without a word') };
}

async function readFrom(path: string, offset: number): Promise<string> {
  const text = await readFile(path).catch(() => Buffer.alloc(0));
  return text.subarray(offset).toString('utf8');
}
