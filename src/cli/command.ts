// What a command is: a module that is imported only when it is asked for, so that help is there at once.

import type { Writable } from 'node:stream';
import type { CommandName, Flags } from '../options/flags.ts';

export interface CommandContext {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Returns the exit code: 0; 1 when an object (or the world) is at fault; 2 for wrong usage. */
export type Command = (flags: Flags, context: CommandContext) => Promise<number>;

export const EXIT = { ok: 0, faulty: 1, usage: 2 } as const;

export const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).run,
  render: async () => (await import('./render.ts')).render,
  validate: async () => (await import('./validate.ts')).validate,
  version: async () => (await import('./version.ts')).version,
};
