// The peer: a controller of the classic design in front of a data plane of the classic design. Whatever changes,
// everything is sent, no more often than each 3.3 seconds (what ingress-nginx's --sync-rate-limit makes of it), and
// each worker looks for it once a second. It is spared the classic reload for each Ingress: its data plane knows
// hosts from the same push.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Thing } from '../../cluster/support/api.ts';
import { follow } from '../../cluster/support/follow.ts';
import { DISCOVERY, NETWORKING } from '../../cluster/support/many-objects.ts';
import { fullPushBody, startFullPush } from '../support/full-push-peer.ts';
import type { World } from './world.ts';

export interface Classic {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const BETWEEN_SYNCS = 3300;
const WORKERS = 2;

export async function startClassic({ plane }: World): Promise<Classic> {
  const ending = new AbortController();
  const { signal } = ending;
  const slices = new Map<string, Thing>();
  const ingresses = new Map<string, Thing>();
  let dirty = false;
  const keep = (into: Map<string, Thing>) => (object: Thing, gone: boolean) => {
    if (gone) into.delete(object.metadata.name);
    else into.set(object.metadata.name, object);
    dirty = true;
  };
  const peer = await startFullPush('[]', WORKERS);
  const following = [
    follow(plane.api, `${DISCOVERY}/endpointslices`, signal, { onObject: keep(slices) }),
    follow(plane.api, `${NETWORKING}/ingresses`, signal, { onObject: keep(ingresses) }),
  ];
  const syncing = (async () => {
    while (!signal.aborted) {
      if (dirty) {
        dirty = false;
        await peer.post(fullPushBody([...ingresses.values()].map((one) => serviceOf(one, slices))));
        await sleep(BETWEEN_SYNCS, undefined, { signal }).catch(() => undefined);
      } else await sleep(5);
    }
  })();
  return {
    port: peer.port,
    async close() {
      ending.abort();
      await Promise.all([...following, syncing]);
      await peer.close();
    },
  };
}

function serviceOf(ingress: Thing, slices: ReadonlyMap<string, Thing>) {
  const [rule] = ingress.spec.rules;
  const slice = slices.get(rule.http.paths[0].backend.service.name);
  const addresses: readonly Thing[] = slice?.endpoints ?? [];
  const endpoints = addresses.flatMap((endpoint) => endpoint.addresses as string[]);
  return { host: rule.host as string, endpoints: endpoints.map((address) => ({ address, port: 8080 })) };
}
