import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createLease,
  type Lease,
  type LeaseOptions,
} from '../../../../../src/sources/kubernetes/lease/lease.ts';
import { runWithLease } from '../../../../../src/sources/kubernetes/lease/run-with-lease.ts';
import { eventually } from '../../../../support/eventually.ts';
import { type ApiServer, type Json, startApiServer } from './support/api-server.ts';
import { createManualClock, type ManualClock } from './support/manual-clock.ts';
import { openTestCluster, SILENT, type TestCluster } from './support/open-test-cluster.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/ingress/leases/ingress-controller-leader';
const TTL = 30_000;

let api: ApiServer;
let clock: ManualClock;
let open: { readonly cluster: TestCluster; readonly stop: () => Promise<void> }[];

beforeEach(async () => {
  api = await startApiServer();
  clock = createManualClock();
  open = [];
});

afterEach(async () => {
  api.fault = () => null;
  for (const { stop, cluster } of open) {
    await stop();
    await cluster.close();
  }
  await api.close();
});

/** A candidate with a cluster of its own; the server knows it by its token. */
async function candidate(identity: string, own: ManualClock = clock, log: LeaseOptions['log'] = SILENT) {
  const cluster = await openTestCluster(api.port, identity);
  const lease = createLease({ cluster: cluster.cluster, namespace: 'ingress', identity, clock: own, log });
  const end = new AbortController();
  const before = own.sleepers();
  const running = lease.run(end.signal);
  const stop = () => {
    end.abort();
    return running;
  };
  open.push({ cluster, stop });
  await eventually('its first look', () => own.sleepers() > before);
  return { lease, stop };
}

function spec(): Json {
  return api.objects.get(PATH)?.spec as Json;
}

const leads = (lease: Lease) => eventually('to lead', () => lease.isLeader());

/** None of its requests arrives from now on. */
function cut(identity: string): void {
  api.fault = ({ from }) => (from === `Bearer ${identity}` ? 'reset' : null);
}

test('the first makes the lease, renews it every quarter of its time, and gives it back at the end', async () => {
  const { lease, stop } = await candidate('a');
  await leads(lease);
  expect(spec()).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 30,
    acquireTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    renewTime: expect.any(String),
    leaseTransitions: 0,
  });
  const { acquireTime, renewTime } = spec();
  await clock.advance(TTL * 3);
  expect(lease.isLeader()).toBe(true);
  expect(spec().acquireTime).toBe(acquireTime);
  expect(spec().renewTime).not.toBe(renewTime);
  // Nothing is read while its own version is known.
  expect(api.seen.filter(({ method }) => method === 'GET').length).toBe(1);
  expect(api.seen.filter(({ method }) => method === 'PUT').length).toBe(12);

  await stop();
  expect(lease.isLeader()).toBe(false);
  expect(spec()).not.toHaveProperty('holderIdentity');
  expect(spec().leaseDurationSeconds).toBe(1);
});

test('of two exactly one leads; when it dies the other takes over after the whole time, not before', async () => {
  const a = await candidate('a');
  await leads(a.lease);
  const b = await candidate('b');
  for (let step = 0; step < 8; step += 1) {
    await clock.advance(TTL / 2);
    expect([a.lease.isLeader(), b.lease.isLeader()]).toEqual([true, false]);
  }
  cut('a');
  let both = 0;
  let neither = 0;
  for (let step = 0; step < 60 && !b.lease.isLeader(); step += 1) {
    await clock.advance(1_000);
    if (a.lease.isLeader() && b.lease.isLeader()) both += 1;
    if (!a.lease.isLeader() && !b.lease.isLeader()) neither += 1;
  }
  await leads(b.lease);
  expect(both).toBe(0);
  // The fence: there is a time in which nobody leads.
  expect(neither).toBeGreaterThanOrEqual(5);
  expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  // Back again, the first finds that it has lost.
  api.fault = () => null;
  await clock.advance(TTL * 2);
  expect([a.lease.isLeader(), b.lease.isLeader()]).toEqual([false, true]);
  expect(spec().holderIdentity).toBe('b');
});

test('a released lease is taken at the next look', async () => {
  const a = await candidate('a');
  await leads(a.lease);
  const b = await candidate('b');
  await clock.advance(TTL);
  await a.stop();
  await clock.advance(TTL * 0.6);
  await leads(b.lease);
});

test('the wall clock of the holder does not matter: what counts is whether it changes', async () => {
  const holder = (renewTime: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'ingress-controller-leader', namespace: 'ingress', labels: { kept: 'yes' } },
    spec: { holderIdentity: 'old', leaseDurationSeconds: 30, renewTime, leaseTransitions: 4 },
  });
  // By its date it ran out long ago.
  api.put(PATH, holder('2001-01-01T00:00:00.000000Z'));
  const { lease } = await candidate('a');
  await clock.advance(TTL * 0.9);
  expect(lease.isLeader()).toBe(false);
  // It is renewed with a date of the far future, and then no more.
  api.put(PATH, holder('2099-01-01T00:00:00.000000Z'));
  await clock.advance(TTL * 0.9);
  expect(lease.isLeader()).toBe(false);
  await clock.advance(TTL * 1.2);
  await leads(lease);
  expect(spec().leaseTransitions).toBe(5);
  expect(api.objects.get(PATH)?.metadata).toMatchObject({ labels: { kept: 'yes' } });
});

test('without a successful renewal it stops leading at two thirds of the time, even while a request hangs', async () => {
  const { lease } = await candidate('a');
  await leads(lease);
  const changes: boolean[] = [];
  lease.onChange(() => changes.push(lease.isLeader()));
  api.fault = () => 'reset';
  await clock.advance(TTL * 0.66);
  expect(lease.isLeader()).toBe(true);
  await clock.advance(TTL * 0.02);
  expect(lease.isLeader()).toBe(false);
  expect(changes).toEqual([false]);
  api.fault = () => null;
  await clock.advance(TTL);
  await leads(lease);
  expect(changes).toEqual([false, true]);
  api.fault = () => 'hang';
  await clock.advance(TTL * 0.68);
  expect(lease.isLeader()).toBe(false);
});

test('a renewal that arrived while its answer was lost is no conflict with itself', async () => {
  const { lease } = await candidate('a');
  await leads(lease);
  let dropped = 0;
  api.fault = ({ method }) => (method === 'PUT' && dropped++ === 0 ? 'drop' : null);
  for (let step = 0; step < 8; step += 1) {
    await clock.advance(TTL / 8);
    expect(lease.isLeader()).toBe(true);
  }
  expect(dropped).toBeGreaterThan(1);
  expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
});

test('somebody who took it is believed at once', async () => {
  const { lease } = await candidate('a');
  await leads(lease);
  const stored = api.objects.get(PATH) as Json;
  api.put(PATH, { ...stored, spec: { ...spec(), holderIdentity: 'b', leaseTransitions: 1 } });
  await clock.advance(TTL / 4 + 1);
  await eventually('to have lost', () => !lease.isLeader());
  expect(spec().holderIdentity).toBe('b');
});

test('two that write at the same moment: the version decides', async () => {
  // Both read "not found" before either writes.
  const waiting: string[] = [];
  api.fault = ({ method, from }) => {
    if (method === 'POST') waiting.push(from);
    return null;
  };
  const [a, b] = await Promise.all([candidate('a'), candidate('b')]);
  await eventually('a leader', () => a.lease.isLeader() || b.lease.isLeader());
  await clock.advance(TTL * 2);
  expect([a.lease.isLeader(), b.lease.isLeader()].filter(Boolean).length).toBe(1);
  expect(waiting.length).toBeGreaterThanOrEqual(1);
});

test('a deleted lease is made again by whoever leads', async () => {
  const { lease } = await candidate('a');
  await leads(lease);
  api.objects.delete(PATH);
  await clock.advance(TTL / 4 + 1);
  await eventually('the lease', () => api.objects.has(PATH));
  expect(lease.isLeader()).toBe(true);
});

test('a 403 is said once, with what to allow, and asked again at leisure', async () => {
  const said: { readonly hint?: string }[] = [];
  api.fault = () => 403;
  const log = { ...SILENT, warn: (fields: object) => void said.push(fields) };
  const { lease } = await candidate('a', clock, log);
  await clock.advance(TTL * 4);
  expect(lease.isLeader()).toBe(false);
  expect(said.map(({ hint }) => hint)).toEqual([
    'Allow get, create and update of leases in the namespace ingress.',
  ]);
  const asked = api.seen.length;
  expect(asked).toBeGreaterThan(3);
  expect(asked).toBeLessThanOrEqual(17);
  api.fault = () => null;
  await clock.advance(TTL);
  await leads(lease);
});

test('at the end writers finish as leaders before the lease is given back', async () => {
  const cluster = await openTestCluster(api.port, 'a');
  const lease = createLease({
    cluster: cluster.cluster,
    namespace: 'ingress',
    identity: 'a',
    clock,
    log: SILENT,
  });
  const end = new AbortController();
  const steps: string[] = [];
  const writer = {
    run: async (signal: AbortSignal) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      steps.push(`writer ends, leading: ${lease.isLeader()}, held by ${String(spec().holderIdentity)}`);
    },
  };
  const running = runWithLease(lease, [writer], end.signal);
  open.push({ cluster, stop: async () => end.abort() });
  await leads(lease);
  end.abort();
  await running;
  expect(steps).toEqual(['writer ends, leading: true, held by a']);
  expect(spec()).not.toHaveProperty('holderIdentity');
});

test('an end while the API server is down does not wait for it', async () => {
  const { lease, stop } = await candidate('a');
  await leads(lease);
  api.fault = () => 'reset';
  await stop();
  expect(lease.isLeader()).toBe(false);
});
