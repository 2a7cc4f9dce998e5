// The real command as a child process: started by its path, killed by its pid, its log kept for when a test fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export const COMMAND = resolve(import.meta.dirname, '../../../bin/ingress-openresty');

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Controller = {
  readonly pid: number;
  readonly log: () => string;
  readonly isAlive: () => boolean;
  readonly ended: Promise<Ended>;
  readonly kill: () => Promise<void>;
  /** SIGTERM, and SIGKILL if that has not ended it in 20 s. */
  readonly stop: () => Promise<Ended>;
};

/** @param env what its environment has beside ours. */
export function startController(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Controller {
  const child = spawn(COMMAND, ['run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = endOf(child);
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    log: () => log,
    isAlive,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      const harder = setTimeout(() => child.kill('SIGKILL'), 20_000);
      try {
        return await ended;
      } finally {
        clearTimeout(harder);
      }
    },
  };
}

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a command of ours, or any other program, to its end. */
export async function runToEnd(
  args: readonly string[],
  { program = COMMAND, timeoutMs = 60_000 } = {},
): Promise<Finished> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const { code } = await endOf(child);
  return { code, stdout, stderr };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
