// What /config says of health, typed, and backends with checks as a test writes them.

import type { BackendBody, Document } from '../../../src/model/document.ts';
import { eventually } from '../../support/eventually.ts';
import { balanced } from './documents.ts';
import type { Gateway } from './gateway.ts';

export type EndpointReport = {
  readonly name: string;
  readonly state: 'healthy' | 'unhealthy' | 'ejected' | 'draining' | 'unchecked';
  readonly used: boolean;
  readonly since?: number;
  readonly reason?: string;
  readonly until?: number;
  readonly lastCheck?: {
    readonly at: number;
    readonly ok: boolean;
    readonly reason?: string;
    readonly ms: number;
  };
};

export type BackendReport = {
  readonly id: string;
  readonly panic: boolean;
  readonly endpoints: readonly EndpointReport[];
};

export type Health = { readonly checker: number; readonly out: number; readonly panic: readonly string[] };

type Check = NonNullable<BackendBody['check']>;

/** Intervals are shorter than translation lets them be, so that tests need not wait. */
export function checked(id: string, check: Partial<Check>, ...endpoints: readonly string[]): Document {
  const whole = { type: 'http', interval: 0.2, timeout: 0.15, rise: 1, fall: 1, ...check };
  return balanced(id, { algorithm: 'round_robin', check: whole }, ...endpoints);
}

export async function reportOf(gateway: Gateway, id: string): Promise<BackendReport> {
  const { code, status } = await gateway.get(`?health=${encodeURIComponent(id)}`);
  if (code !== 200) throw new Error(`no report of ${id}: ${code}`);
  return (status as unknown as { readonly backend: BackendReport }).backend;
}

export async function healthOf(gateway: Gateway): Promise<Health> {
  return ((await gateway.get()).status as unknown as { readonly health: Health }).health;
}

/** States by the order of endpoints. */
export async function statesOf(gateway: Gateway, id: string): Promise<readonly string[]> {
  return (await reportOf(gateway, id)).endpoints.map(({ state }) => state);
}

export function eventuallyStates(
  gateway: Gateway,
  id: string,
  ...wanted: readonly string[]
): Promise<unknown> {
  return eventually(`${id} is ${wanted.join()}`, async () => {
    const states = await statesOf(gateway, id);
    if (states.join() !== wanted.join()) throw new Error(`it is ${states.join()}`);
    return true;
  });
}

export function eventuallyChecker(gateway: Gateway, but = 0): Promise<number> {
  return eventually('a worker checks', async () => {
    const { checker } = await healthOf(gateway);
    return checker !== 0 && checker !== but && checker;
  });
}
