// What `/config` says of an nginx: the typed reading of its answers. Fields that we do not know are left out, so a
// newer Lua may say more.

import { z } from 'zod';
import { stateDigest } from '../../plan/state-digest.ts';

const count = z.number().nonnegative();

const status = z.object({
  instance: z.object({ id: z.string(), master: z.number() }),
  epoch: count,
  generation: count,
  /** Digest of the set of documents in force; that of the empty set in an instance that has none. */
  state: z
    .string()
    .nullish()
    .transform((state) => state || stateDigest([])),
  /** Digest of the files that the answering worker runs. */
  files: z
    .string()
    .nullish()
    .transform((files) => files ?? ''),
  profiles: list(z.string()),
  workers: list(
    z.object({ pid: z.number(), epoch: count, generation: count, shuttingDown: z.boolean().default(false) }),
  ),
  /** What loading from disk found wrong. */
  loaded: list(z.string()),
});

const full = z.object({ error: z.literal('full'), needed: count, free: count });
const refusal = z.object({ error: z.string(), message: z.string().default('') });

export type ConfigStatus = z.infer<typeof status>;

export function parseStatus(body: unknown): ConfigStatus | null {
  return status.safeParse(body).data ?? null;
}

export function parseFull(body: unknown): { readonly needed: number; readonly free: number } | null {
  return full.safeParse(body).data ?? null;
}

/** The word of an error and its sentence. */
export function parseRefusal(body: unknown): { readonly error: string; readonly message: string } | null {
  return refusal.safeParse(body).data ?? null;
}

/** An empty list may arrive as `{}`: Lua has one kind of table. */
function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (isEmptyObject(value) ? [] : (value ?? [])), z.array(item));
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
