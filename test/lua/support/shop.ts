// The bed of most tests of balancing: backends, gateways before them, and one host whose `/` is the route `r`.

import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Document } from '../../../src/model/document.ts';
import { type Backend, startBackend } from '../../support/backend.ts';
import type { RawRequest, RawResponse } from '../../support/http-client.ts';
import { at, delta, full, host, settings } from './documents.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

export type Shop = {
  readonly gateway: () => Gateway;
  readonly gateways: () => readonly Gateway[];
  readonly upstreams: () => readonly Backend[];
  readonly upstream: (index: number) => Backend;
  /** `address:port` of a backend. */
  readonly endpoint: (index: number) => string;
  /** Puts documents in force in all gateways. */
  readonly put: (...documents: readonly Document[]) => Promise<void>;
  readonly ask: (more?: Partial<RawRequest>) => Promise<RawResponse>;
  /** Who answered how often: the backend's name, or the status when none did. */
  readonly count: (requests: number, more?: Partial<RawRequest>) => Promise<Record<string, number>>;
};

/** To be called at the top of a test file: it opens before the tests and closes after them. */
export function openShop(
  names: readonly string[],
  { gateways: number = 1, ...options }: GatewayOptions & { readonly gateways?: number } = {},
): Shop {
  let gateways: readonly Gateway[] = [];
  let upstreams: readonly Backend[] = [];
  let generation = 1;

  beforeAll(async () => {
    upstreams = await Promise.all(names.map((name) => startBackend({ name })));
    gateways = await Promise.all(Array.from({ length: number }, () => startGateway(options)));
    for (const gateway of gateways)
      await gateway.post(full(at(1, generation), [settings(), host('shop.test', { '/': 'r' })]));
  });
  afterEach(() => {
    for (const upstream of upstreams) upstream.behave({});
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });

  const gateway = () => one(gateways, 0);
  const upstream = (index: number) => one(upstreams, index);
  const ask: Shop['ask'] = (more = {}) => gateway().ask('shop.test', '/', more);
  return {
    gateway,
    gateways: () => gateways,
    upstreams: () => upstreams,
    upstream,
    endpoint: (index) => upstream(index).endpoint,
    async put(...documents) {
      generation += 1;
      for (const each of gateways) {
        const answer = await each.post(delta(at(1, generation - 1), at(1, generation), documents));
        expect(answer.status.applied).toBe(true);
      }
    },
    ask,
    async count(requests, more = {}) {
      const shares: Record<string, number> = {};
      for (let i = 0; i < requests; i++) {
        const response = await ask(more);
        const name = response.headers['x-backend'] ?? String(response.status);
        shares[name] = (shares[name] ?? 0) + 1;
      }
      return shares;
    },
  };
}

function one<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no number ${index}`);
  return found;
}
