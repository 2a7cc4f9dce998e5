// How many workers a configuration asks for, read from its text: the text is what nginx reads.

import { availableParallelism, cpus } from 'node:os';

/**
 * The counts that prove a reload. `auto` is one per processor that is online; nginx built with another libc may
 * mean those that it is allowed to use, and when it was `auto` before, as many as before is right as well.
 */
export function expectedWorkers(text: string, before: number): ReadonlySet<number> {
  const value = /^[ \t]*worker_processes[ \t]+(\d+|auto)[ \t]*;/m.exec(text)?.[1] ?? '1';
  if (value !== 'auto') return new Set([Number(value)]);
  return new Set([cpus().length, availableParallelism(), ...(before > 0 ? [before] : [])]);
}

/** What `auto` comes to here. */
export function automaticWorkers(): number {
  return Math.max(1, cpus().length);
}
