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
import type { AddressSource } from '../../sources/kubernetes/status/address-source.ts';
import { createStatusWriter } from '../../sources/kubernetes/status/status-writer.ts';
import { watchCluster } from '../../sources/kubernetes/watch-cluster.ts';
import type { OpenFailure } from './open-data-plane.ts';
import type { RunningSource, SourceParts } from './source.ts';

export async function openClusterSource(
  flags: Flags,
  kubeconfig: string,
  parts: SourceParts,
): Promise<RunningSource | OpenFailure> {
  const { log, signal } = parts;
  const opened = await openCluster({ kubeconfig, context: flags.context }, { log });
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
  const status = createStatusWriter({
    cluster,
    leadership,
    source: addressSource(flags),
    removeAtEnd: flags.updateStatusOnShutdown,
    interval: flags.statusUpdateInterval,
    log,
  });
  const events = createEventWriter({ cluster, leadership, log });

  const watching = watchCluster({
    cluster,
    namespaces: watchedNamespaces(flags),
    configMap: flags.configmap,
    defaultSecret: flags.defaultSslCertificate,
    defaultBackend: flags.defaultBackendService,
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
    passed(snapshot: Snapshot, model: Model, diagnostics: readonly Diagnostic[]) {
      status.offer(snapshot, servedIngresses(model));
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

function addressSource(flags: Flags): AddressSource {
  if (!flags.updateStatus) return { kind: 'none' };
  if (flags.publishService !== null) {
    const [namespace = '', name = ''] = flags.publishService.split('/');
    return { kind: 'service', namespace, name };
  }
  const addresses = flags.publishStatusAddress;
  return addresses.length === 0 ? { kind: 'none' } : { kind: 'addresses', addresses };
}

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
    .map(([kind, { trouble }]) => `${kind}: not listed yet${trouble === null ? '' : `: ${trouble}`}`);
}

function servedIngresses(model: Model): ReadonlySet<string> {
  const served = new Set<string>();
  for (const server of model.servers.values()) {
    for (const object of server.objects)
      if (object.startsWith('Ingress/')) served.add(object.slice('Ingress/'.length));
  }
  return served;
}
