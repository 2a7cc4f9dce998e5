// How the kinds of a cluster stand, from what the watches know to what /state and metrics show.

import type { KindReport } from '../../serve/state.ts';
import type { SourceHealth } from '../../sources/kubernetes/health.ts';

/** @param now milliseconds of the monotonic clock, as in the health. */
export function kindReports(health: SourceHealth, now: number): readonly KindReport[] {
  return Object.entries(health).map(([kind, { lastEventAt, trouble, remedy, held, ...counts }]) => ({
    kind,
    synced: counts.synced,
    ageSeconds: lastEventAt === null ? null : Math.max(0, Math.round(now - lastEventAt) / 1000),
    trouble,
    remedy,
    held,
    objects: counts.objects,
    heldObjects: counts.heldObjects,
    lists: counts.lists,
    failures: counts.failures,
    watchRestarts: counts.restarts,
  }));
}
