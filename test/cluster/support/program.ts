// A program of the control plane as a child process: its log is kept for when a test fails, it can be paused, ended
// and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

export type Program = {
  readonly name: string;
  readonly isRunning: () => boolean;
  /** 0 while it does not run. */
  readonly pid: () => number;
  readonly start: () => void;
  /** Asks, and kills when that has not ended it in time. Fine when it does not run. */
  readonly stop: (patienceMs?: number) => Promise<void>;
  readonly kill: () => Promise<void>;
  /** SIGSTOP: connections stay open, and nothing comes out of them. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** The last of what it said. */
  readonly log: () => string;
};

const keep = 20_000;

export function describeProgram(path: string, args: readonly string[]): Program {
  let child: ChildProcess | null = null;
  let log = '';
  const isRunning = () => child !== null && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals, patienceMs: number) => {
    const running = child;
    if (running === null || !isRunning()) return;
    const ended = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill(signal);
    const harder = setTimeout(() => running.kill('SIGKILL'), patienceMs);
    await ended.finally(() => clearTimeout(harder));
  };
  return {
    name: basename(path),
    isRunning,
    pid: () => (isRunning() ? (child?.pid ?? 0) : 0),
    start() {
      if (isRunning()) throw new Error(`${basename(path)} runs already`);
      child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          log = (log + text).slice(-keep);
        });
      }
      child.once('error', (error) => {
        log += `${error.message}\n`;
      });
    },
    stop: (patienceMs = 15_000) => end('SIGTERM', patienceMs),
    kill: () => end('SIGKILL', 0),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    log: () => log,
  };
}
