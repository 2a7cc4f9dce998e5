// A cluster, live: a Snapshot once every kind has been listed in full, and another for each change. No fault of the
// API server makes an object vanish: only a list that holds all, or an event, does.

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { compareDiagnostics } from '../../model/diagnostic.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Ingress,
  IngressClass,
  KubernetesObject,
  ObjectKind,
  Secret,
  Service,
} from '../../model/kubernetes.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../model/snapshot.ts';
import { projectObject } from '../project/project-object.ts';
import type { Cluster } from './cluster.ts';
import { createDispensable } from './dispensable.ts';
import { type Feed, type FeedOptions, feedsOf, namespaceResource } from './feeds.ts';
import { type KindHealth, NEW_HEALTH, type SourceHealth } from './health.ts';
import { pause } from './pause.ts';
import { type ReflectorParts, reflect } from './reflector.ts';
import { createSecretKeeper } from './secret-keeper.ts';
import { createServed } from './served.ts';
import { createStore, type Projected, type Store } from './store.ts';
import { createTick } from './tick.ts';
import { TIMING, type Timing } from './timing.ts';
import { troubleOf } from './troubles.ts';
import { createView } from './view.ts';

export interface WatchClusterOptions extends FeedOptions {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /**
   * Called in order, never twice with the same Snapshot.
   * @param at when the first event of what is new in it was read, as `performance.now()` tells it.
   */
  readonly onSnapshot: (snapshot: Snapshot, at: number) => void;
  /** Called when anything but an age changes, and with ages at most each second. */
  readonly onHealth: (health: SourceHealth) => void;
  /** Annotations that name Secrets stand behind it; ingress-nginx's unless given. */
  readonly annotationsPrefix?: string;
  readonly timing?: Partial<Timing>;
  /** From 0 to below 1; Math.random unless given. */
  readonly random?: () => number;
}

/** Resolves when the signal was aborted and every watch has ended. */
export async function watchCluster(options: WatchClusterOptions): Promise<void> {
  const { cluster, signal, log } = options;
  const timing = { ...TIMING, ...options.timing };
  const health = new Map<string, KindHealth>();
  const troubles = new Map<string, readonly Diagnostic[]>();
  let last: Snapshot | null = null;
  /** Of the first event that no Snapshot shows yet. */
  let noticedAt: number | null = null;

  const tick = createTick(timing.tick, signal, show);
  const keeper = createSecretKeeper({
    cluster,
    flagged: options.defaultSecret === null ? [] : [options.defaultSecret],
    annotationsPrefix: options.annotationsPrefix ?? 'nginx.ingress.kubernetes.io',
    stores: () => stores<Secret>('Secret'),
    timing,
    signal,
    onFailure: (name, { message }) => log.warn({ object: `Secret/${name}` }, message),
    onArrived: () => tick.ring(),
  });
  const feeds = feedsOf(options).map((feed) => ({ ...feed, store: storeOf(feed) }));
  const { namespaces } = options;
  const served =
    namespaces.kind === 'selector'
      ? createServed(options, { hold: timing.hold, onChange: () => tick.ring() })
      : null;
  const views = {
    ingresses: createView(stores<Ingress>('Ingress')),
    ingressClasses: createView(stores<IngressClass>('IngressClass')),
    services: createView(stores<Service>('Service')),
    endpointSlices: createView(stores<EndpointSlice>('EndpointSlice')),
    secrets: createView(stores<Secret>('Secret')),
    configMaps: createView(stores<ConfigMap>('ConfigMap')),
  };

  const ingressesListed = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => ingressesListed.resolve(), { once: true });
  const running = feeds.map(async ({ kind, resource, store }) => {
    const parts = partsOf(resource, store);
    if (kind === 'Ingress') return run({ ...parts, onListed: () => ingressesListed.resolve() });
    // Without IngressClasses the annotation still says whose an Ingress is.
    if (kind === 'IngressClass')
      return run({ ...parts, isDispensable: createDispensable(() => areListedBut(resource.label)) });
    if (kind !== 'Secret') return run(parts);
    // Which of them are wanted is known from the Ingresses.
    await ingressesListed.promise;
    return run({ ...parts, onListed: () => keeper.listed() });
  });
  if (served !== null && namespaces.kind === 'selector') {
    running.push(run(partsOf(namespaceResource(namespaces.selector), served.store)));
  }
  sayHealth();
  await Promise.all(running);

  /** A bug must not end a watch for good. */
  async function run<T>(parts: ReflectorParts<T>): Promise<void> {
    while (!signal.aborted) {
      try {
        await reflect(parts);
      } catch (error) {
        log.error({ err: error, kind: parts.resource.label }, 'watching failed; starting anew');
        await pause(timing.firstPause, signal);
      }
    }
  }

  function areListedBut(label: string | null): boolean {
    return [...health].every(([other, { synced }]) => other === label || synced);
  }

  function partsOf<T>(resource: Feed['resource'], store: Store<T>): ReflectorParts<T> {
    const { label } = resource;
    health.set(label, NEW_HEALTH);
    return {
      cluster,
      resource,
      store,
      timing,
      signal,
      log,
      ...(options.random === undefined ? {} : { random: options.random }),
      onListed: () => undefined,
      onHealth: (next, failure) => {
        const said = troubleOf(label, next, failure);
        const isNews =
          next.synced !== health.get(label)?.synced || !isDeepStrictEqual(said, troubles.get(label) ?? []);
        health.set(label, next);
        troubles.set(label, said);
        if (isNews) tick.ring();
        sayHealth();
      },
    };
  }

  function storeOf({ kind }: Feed): Store<KubernetesObject> {
    return createStore<KubernetesObject>({
      project,
      hold: timing.hold,
      ...(kind === 'Secret' ? { wants: keeper.wants } : {}),
      onChange: (_, before, after) => {
        noticedAt ??= performance.now();
        if (kind === 'Ingress') keeper.ingressChanged(before as Ingress | null, after as Ingress | null);
        tick.ring();
      },
    });
  }

  function stores<T>(kind: ObjectKind): readonly Store<T>[] {
    // A feed's store holds nothing but objects of its kind.
    return feeds.filter((feed) => feed.kind === kind).map(({ store }) => store as unknown as Store<T>);
  }

  function show(): void {
    if (!areListedBut(null)) return;
    const isWaiting = keeper.isWaiting();
    if (isWaiting && last === null) return;
    if (!isWaiting) keeper.settle();
    const isServed = served?.isServed() ?? null;
    const before = last ?? EMPTY_SNAPSHOT;
    const next: Snapshot = {
      // An Ingress that names a Secret for the first time is shown together with it.
      ingresses: isWaiting ? before.ingresses : views.ingresses(isServed),
      ingressClasses: views.ingressClasses(null),
      services: views.services(isServed),
      endpointSlices: views.endpointSlices(isServed),
      secrets: views.secrets(isServed),
      configMaps: views.configMaps(null),
      resolved: before.resolved,
      staples: before.staples,
      kept: before.kept,
      diagnostics: diagnostics(before.diagnostics),
    };
    const at = noticedAt ?? performance.now();
    if (!isWaiting) noticedAt = null;
    if (last !== null && isUnchanged(next, last)) return;
    last = next;
    sayHealth();
    guard(() => options.onSnapshot(next, at));
  }

  function diagnostics(before: readonly Diagnostic[]): readonly Diagnostic[] {
    const said = feeds.flatMap(({ store }) => store.diagnostics());
    const own = said.filter(({ object }) => served === null || served.isServedReference(object));
    const next = [...own, ...[...troubles.values()].flat()].sort(compareDiagnostics);
    return isDeepStrictEqual(next, before) ? before : next;
  }

  function sayHealth(): void {
    for (const { resource, store } of feeds) {
      const known = health.get(resource.label);
      if (known !== undefined) health.set(resource.label, { ...known, objects: store.size() });
    }
    guard(() => options.onHealth(Object.fromEntries(health)));
  }

  function guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error({ err: error }, 'what the cluster tells could not be taken in');
    }
  }
}

function project(raw: Readonly<Record<string, unknown>>): Projected<KubernetesObject> {
  const projection = projectObject(raw);
  if ('object' in projection) return { object: projection.object };
  return { diagnostics: 'diagnostics' in projection ? projection.diagnostics : [] };
}

function isUnchanged(a: Snapshot, b: Snapshot): boolean {
  return (Object.keys(a) as (keyof Snapshot)[]).every((key) => a[key] === b[key]);
}
