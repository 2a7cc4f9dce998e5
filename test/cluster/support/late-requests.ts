// Which pods were asked for something after they had left the endpoints: counted at the pods themselves, from a
// moment after the API event that says so.
import type { Thing } from './api.ts';
import { follow } from './follow.ts';
import type { ClusterBed } from './test-cluster.ts';

export type LateRequests = {
  /** How many endpoints have left so far. */
  readonly left: () => number;
  /** Pods that got something late, with how much. Ask when all is quiet. */
  readonly late: () => Readonly<Record<string, number>>;
};

/**
 * @param graceMs what may pass between the event and the last request.
 * @param path counted; null: any.
 */
export function watchLateRequests(
  { plane, kubelet, after }: ClusterBed,
  service: string,
  graceMs = 100,
  path: string | null = null,
): LateRequests {
  const stopping = new AbortController();
  const ready = new Map<string, ReadonlySet<string>>();
  const marks: { readonly name: string; readonly before: number; readonly now: () => number }[] = [];
  let left = 0;
  const mark = (address: string) => {
    const pod = kubelet.pods().find((one) => one.address === address);
    if (pod === undefined) return;
    left += 1;
    setTimeout(() => {
      const { backend } = pod;
      const now = () => (path === null ? backend.requests() : backend.arrivals(path).length);
      marks.push({ name: pod.name, before: now(), now });
    }, graceMs);
  };
  const onObject = (slice: Thing, gone: boolean) => {
    const before = ready.get(slice.metadata.uid) ?? new Set<string>();
    const now = new Set<string>(gone ? [] : readyAddresses(slice));
    ready.set(slice.metadata.uid, now);
    for (const address of before) if (!now.has(address)) mark(address);
  };
  const list = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices`;
  const ofService = (slice: Thing, gone: boolean) => {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] === service) onObject(slice, gone);
  };
  const following = follow(plane.api, list, stopping.signal, { onObject: ofService });
  after(() => {
    stopping.abort();
    return following;
  });
  return {
    left: () => left,
    late: () => {
      const late = marks.map(({ name, before, now }) => [name, now() - before] as const);
      return Object.fromEntries(late.filter(([, count]) => count > 0));
    },
  };
}

function readyAddresses(slice: Thing): readonly string[] {
  const endpoints: readonly Thing[] = slice.endpoints ?? [];
  return endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses);
}
