// The coordination.k8s.io/v1 Lease, as far as election reads and writes it.

import type { V1Lease } from '@kubernetes/client-node';
import { z } from 'zod';
import type { Sent } from '../sent.ts';

export interface LeaseRecord {
  /** `''`: nobody holds it. */
  readonly holder: string;
  /** Seconds that the holder asks the others to wait since they last saw it renew; 0: not said. */
  readonly seconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
}

export interface StoredLease {
  readonly record: LeaseRecord;
  /** The whole object as the server sent it, so that a PUT keeps what others wrote into it (labels, owners). */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Null: not a Lease. */
export function readLease(body: unknown): StoredLease | null {
  const parsed = lease.safeParse(body);
  if (!parsed.success) return null;
  const spec = parsed.data.spec ?? {};
  return {
    raw: parsed.data,
    record: {
      holder: spec.holderIdentity ?? '',
      seconds: spec.leaseDurationSeconds ?? 0,
      acquireTime: spec.acquireTime ?? '',
      renewTime: spec.renewTime ?? '',
      transitions: spec.leaseTransitions ?? 0,
    },
  };
}

/** Body of a POST (no `before`), or of a PUT that is refused when the object is no longer as it was read. */
export function writeLease(
  record: LeaseRecord,
  names: { readonly namespace: string; readonly name: string },
  before: StoredLease | null,
): Sent<V1Lease> {
  return {
    ...(before?.raw ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: names }),
    spec: {
      // An empty holder is refused by newer API servers; nobody is said by leaving it out, as client-go does.
      ...(record.holder === '' ? {} : { holderIdentity: record.holder }),
      leaseDurationSeconds: record.seconds,
      acquireTime: record.acquireTime,
      renewTime: record.renewTime,
      leaseTransitions: record.transitions,
    },
  };
}

export function sameRecord(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.transitions === b.transitions &&
    a.seconds === b.seconds
  );
}

/** The API's MicroTime is read with exactly six digits. */
export function microTime(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000Z`;
}

const lease = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal('Lease'),
  metadata: z.looseObject({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .nullish(),
});
