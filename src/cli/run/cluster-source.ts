// The source `kubernetes`, put together from flags: the watches, and what is told back to the cluster as leader:
// status and Events. Serving waits for none of it.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Model } from '../../model/model.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Flags } from '../../options/flags.ts';
import { openCluster } from '../../sources/kubernetes/cluster.ts';
import { createEventWriter } from '../../sources/kubernetes/events/event-writer.ts';
import type { SourceHealth } from '../../sources/kubernetes/health.ts';
import { ALWAYS_LEADER } from '../../sources/kubernetes/lease/leadership.ts';
import { createLease } from '../../sources/kubernetes/lease/lease.ts';
import { runWithLease } from '../../sources/kubernetes/lease/run-with-lease.ts';
import { isLastOne } from '../../sources/kubernetes/status/last-one.ts';
import { ownPod } from '../../sources/kubernetes/status/own-pods.ts';
import { createStatusWriter } from '../../sources/kubernetes/status/status-writer.ts';
import { watchCluster } from '../../sources/kubernetes/watch-cluster.ts';
import { kindReports } from './kind-reports.ts';
import type { OpenFailure } from './open-data-plane.ts';
import { createServedIngresses } from './served-ingresses.ts';
import type { RunningSource, SourceParts } from './source.ts';
import { addressSource, takesBack } from './status-flags.ts';

export async function openClusterSource(
  flags: Flags,
  kubeconfig: string,
  parts: SourceParts,
): Promise<RunningSource | OpenFailure> {
  const { log, signal, env } = parts;
  const opened = await openCluster({ kubeconfig, context: flags.context }, { log, env });
  if ('message' in opened) return opened;
  const { cluster } = opened;
  let health: SourceHealth = {};

  const lease = flags.disableLeaderElection
    ? null
    : createLease({
        cluster,
        namespace: cluster.namespace,
        name: flags.electionId,
        identity: `${hostname()}-${randomUUID()}`,
        ttl: flags.electionTtl,
        log,
      });
  const leadership = lease ?? ALWAYS_LEADER;
  const pod = ownPod(env);
  const status = createStatusWriter({
    cluster,
    leadership,
    source: addressSource(flags, pod),
    isLast: takesBack(flags)
      ? (ending) => isLastOne({ pod, elected: lease !== null }, cluster, ending)
      : null,
    interval: flags.statusUpdateInterval,
    log,
  });
  const served = createServedIngresses();
  const events = createEventWriter({ cluster, leadership, log });

  const watching = watchCluster({
    cluster,
    namespaces: watchedNamespaces(flags),
    configMap: flags.configmap,
    defaultSecret: flags.defaultSslCertificate,
    defaultBackend: flags.defaultBackendService,
    annotationsPrefix: flags.annotationsPrefix,
    signal,
    log,
    onSnapshot: parts.onSnapshot,
    onHealth: (next) => {
      health = next;
    },
  });
  const writing = runWithLease(lease ?? ALONE, [status, events], signal);
  return {
    waiting: () => waitingFor(health, cluster.name),
    kinds: () => kindReports(health, performance.now()),
    passed(snapshot: Snapshot, model: Model, diagnostics: readonly Diagnostic[]) {
      status.offer(snapshot, served(model));
      events.offer(diagnostics, snapshot);
    },
    async ended() {
      await Promise.all([watching, writing]);
      await cluster.close();
    },
  };
}

const ALONE = {
  run: (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
};

function watchedNamespaces(flags: Flags) {
  if (flags.watchNamespaceSelector !== null)
    return { kind: 'selector', selector: flags.watchNamespaceSelector } as const;
  if (flags.watchNamespace !== null) return { kind: 'one', name: flags.watchNamespace } as const;
  return { kind: 'all' } as const;
}

/** Only what was never listed holds up readiness; what is out of date since is in force as it was last known. */
function waitingFor(health: SourceHealth, cluster: string): readonly string[] {
  const kinds = Object.entries(health);
  if (kinds.length === 0) return [`nothing was read from ${cluster} yet`];
  return kinds
    .filter(([, { synced }]) => !synced)
    .map(([kind, { trouble, remedy }]) =>
      [`${kind}: not listed yet`, trouble, remedy].filter((part) => part !== null).join('; '),
    );
}
