// The small shapes that all kinds share. Kubernetes reads `null` as "absent" everywhere, and so does each of these.

import { z } from 'zod';
import type { Metadata } from '../../model/kubernetes.ts';

/** Text → text. The result has no prototype, so a key such as `constructor` is what the user wrote or absent. */
export const stringMap = z.record(z.string(), z.string()).nullish().transform(toDictionary);

export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);

/** Absent text as the API's own zero value. */
export const textOrEmpty = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

export const portNumber = z.int().min(1).max(65_535);

export const protocol = z
  .enum(['TCP', 'UDP', 'SCTP'])
  .nullish()
  .transform((name) => name ?? 'TCP');

export function listOf<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((list): readonly z.output<Item>[] => list ?? []);
}

/** The grammar of name and namespace is checked before, by `readIdentity`. */
export const namespacedMetadata = metadata((namespace) => namespace ?? 'default');
export const clusterMetadata = metadata(() => '');

function metadata(namespaceOf: (written: string | null | undefined) => string) {
  return z
    .object({
      name: z.string(),
      namespace: z.string().nullish(),
      uid: z.string().nullish().catch(undefined),
      creationTimestamp: z.iso.datetime({ offset: true }).nullish(),
      annotations: stringMap,
      labels: stringMap,
    })
    .transform(
      (fields): Metadata => ({
        name: fields.name,
        namespace: namespaceOf(fields.namespace),
        ...(fields.uid ? { uid: fields.uid } : {}),
        creationTimestamp: toSeconds(fields.creationTimestamp),
        annotations: fields.annotations,
        labels: fields.labels,
      }),
    );
}

/** One spelling for each moment (UTC, whole seconds, as the API server stores it), so that text order is time order. */
function toSeconds(time: string | null | undefined): string {
  if (time === null || time === undefined) return '';
  return time.length === 20 ? time : `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function toDictionary(map: Record<string, string> | null | undefined): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null), map);
}
