// What `/config` says of an nginx: the typed reading of its answers. Fields that we do not know are left out, so a
// newer Lua may say more.

import { z } from 'zod';
import { type BackendHealth, ENDPOINT_STATES } from '../../model/health.ts';
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
  /** Endpoints that are out, and backends of which too few are fit. `checker`: who asks endpoints; 0: nobody. */
  health: z
    .object({ checker: count, out: count, panic: list(z.string()) })
    .nullish()
    .transform((health) => health ?? { checker: 0, out: 0, panic: [] }),
});

const absent = z
  .unknown()
  .nullish()
  .transform(() => null);
const number = z.union([z.number(), absent]);

const health = z.object({
  backend: z.object({
    id: z.string(),
    panic: z.boolean(),
    endpoints: list(
      z.object({
        address: z.string(),
        port: z.number(),
        state: z.enum(ENDPOINT_STATES),
        used: z.boolean(),
        since: number,
        until: number,
        reason: z.union([z.string(), absent]),
      }),
    ),
  }),
});

export function parseHealth(body: unknown): BackendHealth | null {
  return health.safeParse(body).data?.backend ?? null;
}

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
