import { beforeEach, expect, test } from '@jest/globals';
import type { AddressSource } from '../../../../../src/sources/kubernetes/status/address-source.ts';
import {
  createStatusWriter,
  type StatusWriterOptions,
} from '../../../../../src/sources/kubernetes/status/status-writer.ts';
import { eventually } from '../../../../support/eventually.ts';
import type { ApiServer } from '../lease/support/api-server.ts';
import type { ManualClock } from '../lease/support/manual-clock.ts';
import { SILENT } from '../lease/support/open-test-cluster.ts';
import { writerBed } from '../lease/support/writer-bed.ts';
import { OWN, podPath, putNode, putPod } from './pods.ts';
import { createSnapshots, ingressPath, publishedOf, putIngress, uidOf } from './support.ts';

const FLAG: AddressSource = { kind: 'addresses', addresses: ['203.0.113.9', 'gate.example', '2001:db8::1'] };
const PUBLISHED = [{ ip: '2001:db8::1' }, { ip: '203.0.113.9' }, { hostname: 'gate.example' }];

const bed = writerBed();
const { leadership } = bed;
let api: ApiServer;
let clock: ManualClock;
beforeEach(() => {
  ({ api, clock } = bed);
});

function start(more: Partial<StatusWriterOptions> = {}) {
  const writer = createStatusWriter({
    cluster: bed.opened.cluster,
    leadership,
    source: FLAG,
    isLast: null,
    clock,
    log: SILENT,
    ...more,
  });
  const { running, stop } = bed.run(writer);
  const snapshots = createSnapshots(api);
  /** What a watch would bring, with everything served. */
  const offer = (served?: readonly string[]) => {
    const snapshot = snapshots();
    writer.offer(snapshot, new Set(served ?? snapshot.ingresses.keys()));
  };
  return { writer, running, stop, offer };
}

const patches = () => api.seen.filter(({ method }) => method === 'PATCH');
const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));

test('addresses of the flag are written, sorted, as a merge patch of the status alone, and only where it is served', async () => {
  putIngress(api, 'shop');
  putIngress(api, 'other');
  const { offer } = start();
  offer(['default/shop']);
  await eventually('status', () => publishedOf(api, 'shop'));
  expect(publishedOf(api, 'shop')).toEqual(PUBLISHED);
  await quiet();
  expect(publishedOf(api, 'other')).toBeUndefined();
  expect(patches()).toEqual([
    {
      method: 'PATCH',
      path: `${ingressPath('shop')}/status`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid: uidOf(api, 'shop') }, status: { loadBalancer: { ingress: PUBLISHED } } },
      status: 200,
    },
  ]);
});

test('what is equal, in whatever order, is left alone, then and every minute', async () => {
  putIngress(api, 'shop', [{ hostname: 'gate.example' }, { ip: '203.0.113.9' }, { ip: '2001:db8::1' }]);
  const { offer } = start();
  offer();
  await quiet();
  await clock.advance(200_000);
  expect(api.seen).toEqual([]);
});

test('after a write nothing is written again, whether its news has come or not', async () => {
  putIngress(api, 'shop');
  const { offer } = start();
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  await clock.advance(130_000);
  offer();
  await quiet();
  await clock.advance(130_000);
  expect(patches().length).toBe(1);
});

test('who writes something else gets it back within a minute, not a fight', async () => {
  putIngress(api, 'shop');
  const { offer } = start();
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  for (let round = 0; round < 20; round += 1) {
    putIngress(api, 'shop', [{ ip: `192.0.2.${round}` }]);
    const stored = api.objects.get(ingressPath('shop'));
    api.objects.set(ingressPath('shop'), {
      ...stored,
      metadata: { ...(stored?.metadata as object), uid: 'same' },
    });
    offer();
    await clock.advance(100);
  }
  expect(patches().length).toBeLessThanOrEqual(2);
  await clock.advance(61_000);
  await eventually(
    'ours again',
    () => JSON.stringify(publishedOf(api, 'shop')) === JSON.stringify(PUBLISHED),
  );
});

test('an object that was made anew under the same name is written when its news comes, not by that of the old', async () => {
  putIngress(api, 'shop');
  const warnings: unknown[] = [];
  const { offer } = start({ log: { ...SILENT, warn: (fields: unknown) => void warnings.push(fields) } });
  api.fault = ({ path }) => {
    // Between the Snapshot and the write.
    if (path.endsWith('/status') && patches().length === 0) {
      api.objects.delete(ingressPath('shop'));
      putIngress(api, 'shop');
    }
    return null;
  };
  offer();
  await eventually('the attempt', () => patches().length === 1);
  await clock.advance(130_000);
  expect(patches().map(({ status }) => status)).toEqual([422]);
  expect(publishedOf(api, 'shop')).toBeUndefined();
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  expect(warnings).toEqual([]);
});

test('only the leader writes; it begins when it becomes that', async () => {
  putIngress(api, 'shop');
  bed.leading = false;
  const { offer } = start();
  offer();
  await clock.advance(200_000);
  expect(api.seen).toEqual([]);
  bed.leading = true;
  bed.tellChange();
  await eventually('status', () => publishedOf(api, 'shop'));
});

test('leadership that is lost in the middle ends the writing', async () => {
  for (let index = 0; index < 100; index += 1) putIngress(api, `i${index}`);
  const { offer } = start({ perSecond: 1e6 });
  api.done = () => {
    if (patches().length >= 20) bed.leading = false;
  };
  offer();
  await eventually('some', () => !bed.leading);
  await quiet();
  expect(patches().length).toBeLessThan(40);
});

test('a burst of 1,000 Ingresses: never more than ten at once, each written once, at the rate', async () => {
  for (let index = 0; index < 1_000; index += 1) putIngress(api, `i${index}`);
  const { offer } = start();
  offer();
  await eventually('the first', () => patches().length === 50);
  for (let second = 0; second < 40 && patches().length < 1_000; second += 1) {
    await clock.advance(1_000);
    if (second % 5 === 0) offer();
    expect(patches().length).toBeLessThanOrEqual(50 + 50 * (second + 1));
  }
  offer();
  await quiet();
  expect(patches().length).toBe(1_000);
  expect(new Set(patches().map(({ path }) => path)).size).toBe(1_000);
  expect(api.most()).toBeLessThanOrEqual(10);
});

test('409, 500 and 403 of one object hold up nothing else and are tried again with growing pauses', async () => {
  for (const name of ['a', 'b', 'c', 'd']) putIngress(api, name);
  const wrong: Readonly<Record<string, number>> = { a: 409, b: 500, c: 403 };
  api.fault = ({ method, path }) =>
    method === 'PATCH' ? (wrong[path.split('/').at(-2) ?? ''] ?? null) : null;
  const warnings: string[] = [];
  const warn = (fields: object) => void warnings.push(JSON.stringify(fields));
  const { offer } = start({ log: { ...SILENT, warn } });
  offer();
  await eventually('the good one', () => publishedOf(api, 'd'));
  await clock.advance(30_000);
  const tried = patches().filter(({ path }) => path.includes('/a/')).length;
  expect(tried).toBeGreaterThanOrEqual(4);
  expect(tried).toBeLessThanOrEqual(7);
  // Said once for each kind of trouble.
  expect(warnings.length).toBe(3);
  expect(warnings.filter((text) => text.includes('Allow patch of ingresses/status.')).length).toBe(1);
  api.fault = () => null;
  await clock.advance(60_000);
  for (const name of ['a', 'b', 'c']) await eventually(name, () => publishedOf(api, name));
  expect(patches().filter(({ path }) => path.includes('/d/')).length).toBe(1);
});

test('an Ingress that was deleted meanwhile is no trouble', async () => {
  putIngress(api, 'shop');
  const warnings: unknown[] = [];
  const { offer } = start({ log: { ...SILENT, warn: (fields: unknown) => void warnings.push(fields) } });
  api.fault = () => 404;
  offer();
  await eventually('the attempt', () => patches().length === 1);
  await clock.advance(300_000);
  expect(patches().length).toBe(1);
  expect(warnings).toEqual([]);
});

test('while the API server is down it is asked with pauses, whatever the news; then all is written', async () => {
  for (let index = 0; index < 50; index += 1) putIngress(api, `i${index}`);
  api.fault = () => 'reset';
  const { offer } = start();
  for (let second = 0; second < 60; second += 1) {
    if (second % 2 === 0) putIngress(api, `new${second}`);
    offer();
    await clock.advance(2_000);
  }
  // Ten at once find out, then it waits 2, 4, 8 … 60 s.
  expect(patches().length).toBeLessThanOrEqual(80);
  api.fault = () => null;
  await clock.advance(75_000);
  await eventually('all', () =>
    [...api.objects.keys()].every((path) => publishedOf(api, path.split('/').at(-1) ?? '')),
  );
});

test('without an address nothing is asked or written, and that is said once', async () => {
  putIngress(api, 'shop');
  const said: string[] = [];
  const info: StatusWriterOptions['log']['info'] = (_: unknown, message?: string) =>
    void said.push(message ?? '');
  const { offer, running } = start({
    source: { kind: 'none', reason: 'no address' },
    log: { ...SILENT, info },
  });
  offer();
  await running;
  expect(api.seen).toEqual([]);
  expect(said).toEqual(['status of Ingresses is not written: no address']);
});

const SERVICE: AddressSource = { kind: 'service', namespace: 'edge', name: 'gate' };

function putService(spec: object, ingress: readonly object[] = []): void {
  api.put('/api/v1/namespaces/edge/services/gate', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'gate', namespace: 'edge' },
    spec: { ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress } },
  });
}

test.each([
  [{ type: 'ExternalName', externalName: 'gate.example' }, [], [{ hostname: 'gate.example' }]],
  [{ type: 'ClusterIP', clusterIP: '10.0.0.1', externalIPs: ['192.0.2.1'] }, [], [{ ip: '10.0.0.1' }]],
  [{ type: 'NodePort', clusterIP: '10.0.0.1' }, [], [{ ip: '10.0.0.1' }]],
  [
    { type: 'NodePort', clusterIP: '10.0.0.1', externalIPs: ['192.0.2.2', '192.0.2.1'] },
    [],
    [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }],
  ],
  [
    { type: 'LoadBalancer', clusterIP: '10.0.0.1', externalIPs: ['192.0.2.7', '198.51.100.1'] },
    [{ ip: '198.51.100.1', hostname: 'ignored.example', ipMode: 'VIP' }, { hostname: 'lb.example' }],
    [{ ip: '192.0.2.7' }, { ip: '198.51.100.1' }, { hostname: 'lb.example' }],
  ],
])('addresses of a Service %#', async (spec, given, expected) => {
  putIngress(api, 'shop');
  putService(spec, given);
  const { offer } = start({ source: SERVICE });
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  expect(publishedOf(api, 'shop')).toEqual(expected);
});

test('a Service that changes is read at once; one that cannot be read leaves what is published', async () => {
  putIngress(api, 'shop');
  putService({ type: 'LoadBalancer', clusterIP: '10.0.0.1' });
  const { offer } = start({ source: SERVICE });
  offer();
  await quiet();
  expect(patches()).toEqual([]);
  putService({ type: 'LoadBalancer', clusterIP: '10.0.0.1' }, [{ ip: '198.51.100.1' }]);
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  api.objects.delete('/api/v1/namespaces/edge/services/gate');
  offer();
  await clock.advance(200_000);
  expect(publishedOf(api, 'shop')).toEqual([{ ip: '198.51.100.1' }]);
  putService({ type: 'ExternalName', externalName: 'gate.example' });
  offer();
  await clock.advance(80_000);
  await eventually('the new one', () => JSON.stringify(publishedOf(api, 'shop')).includes('gate.example'));
});

test('nodes of our pods: a new one is published within a minute, and none is taken away by pods that are not ready', async () => {
  putIngress(api, 'shop');
  putPod(api, 'gate-1');
  putNode(api, 'n1', ['ExternalIP', '192.0.2.1']);
  putNode(api, 'n2', ['ExternalIP', '192.0.2.2']);
  const { offer } = start({ source: { kind: 'nodes', pod: OWN, internal: false } });
  offer();
  await eventually('status', () => publishedOf(api, 'shop'));
  expect(publishedOf(api, 'shop')).toEqual([{ ip: '192.0.2.1' }]);
  putPod(api, 'gate-2', { node: 'n2' });
  await clock.advance(61_000);
  const both = [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }];
  await eventually('both', () => JSON.stringify(publishedOf(api, 'shop')) === JSON.stringify(both));
  putPod(api, 'gate-1', { ready: false });
  putPod(api, 'gate-2', { node: 'n2', ready: false });
  offer();
  await clock.advance(200_000);
  expect(publishedOf(api, 'shop')).toEqual(both);
  api.objects.delete(podPath('gate-1'));
  await clock.advance(200_000);
  expect(publishedOf(api, 'shop')).toEqual(both);
});
