// What list and watch themselves need of a foreign object: its name, its identity and its version.

import type { ObjectName } from '../../model/kubernetes.ts';

export interface Standing {
  readonly name: ObjectName;
  /** `''` where a server gives none. */
  readonly uid: string;
  /** Compared for equality only. */
  readonly version: string;
  readonly raw: Readonly<Record<string, unknown>>;
}

export function readStanding(raw: unknown): Standing | null {
  if (!isRecord(raw) || !isRecord(raw.metadata)) return null;
  const { name, namespace, uid, resourceVersion } = raw.metadata;
  if (typeof name !== 'string' || name === '') return null;
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return null;
  const isNamespaced = typeof namespace === 'string' && namespace !== '';
  return {
    name: isNamespaced ? `${namespace}/${name}` : name,
    uid: typeof uid === 'string' ? uid : '',
    version: resourceVersion,
    raw,
  };
}

/** The version that a list or a bookmark names. */
export function readVersion(raw: unknown): string | null {
  if (!isRecord(raw) || !isRecord(raw.metadata)) return null;
  const { resourceVersion } = raw.metadata;
  return typeof resourceVersion === 'string' && resourceVersion !== '' ? resourceVersion : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
