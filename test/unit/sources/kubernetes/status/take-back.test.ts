// The end of a leader: the last one takes back what was published, and nobody else ever does.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Leadership } from '../../../../../src/sources/kubernetes/lease/leadership.ts';
import type { AddressSource } from '../../../../../src/sources/kubernetes/status/address-source.ts';
import { type Company, isLastOne } from '../../../../../src/sources/kubernetes/status/last-one.ts';
import {
  createStatusWriter,
  type StatusWriterOptions,
} from '../../../../../src/sources/kubernetes/status/status-writer.ts';
import { eventually } from '../../../../support/eventually.ts';
import { type ApiServer, startApiServer } from '../lease/support/api-server.ts';
import { openTestCluster, SILENT, type TestCluster } from '../lease/support/open-test-cluster.ts';
import { LABELS, OWN, podPath, putNode, putPod } from './pods.ts';
import { createSnapshots, publishedOf, putIngress } from './support.ts';

const ONE: AddressSource = { kind: 'addresses', addresses: ['203.0.113.9'] };
const NAMES = Array.from({ length: 30 }, (_, index) => `i${index}`);
const IN_POD: Company = { pod: OWN, elected: true };

let api: ApiServer;
let opened: TestCluster;
let leading: boolean;

const leadership: Leadership = { isLeader: () => leading, onChange: () => () => undefined };

beforeEach(async () => {
  api = await startApiServer();
  opened = await openTestCluster(api.port, 'a');
  leading = true;
  for (const name of NAMES) putIngress(api, name);
});

afterEach(async () => {
  api.fault = () => null;
  await opened.close();
  await api.close();
});

/** Publishes, ends, and says what is left and why. */
async function liveAndEnd(
  company: Company | null,
  more: Partial<StatusWriterOptions> = {},
  beforeEnd: () => void = () => undefined,
) {
  const reasons: string[] = [];
  const info = (fields: unknown) => {
    const { reason } = fields as { readonly reason?: string };
    if (reason !== undefined) reasons.push(reason);
  };
  const writer = createStatusWriter({
    cluster: opened.cluster,
    leadership,
    source: ONE,
    isLast: company === null ? null : (signal) => isLastOne(company, opened.cluster, signal),
    perSecond: 1e6,
    log: { ...SILENT, info },
    ...more,
  });
  const end = new AbortController();
  const running = writer.run(end.signal);
  const snapshot = createSnapshots(api)();
  writer.offer(snapshot, new Set(snapshot.ingresses.keys()));
  await eventually('all', () => published() === NAMES.length);
  beforeEnd();
  end.abort();
  await running;
  return { left: published(), reasons };
}

const published = () => NAMES.filter((name) => publishedOf(api, name) !== undefined).length;

test('the only pod takes back; one that has ended is no company, nor is one of other labels', async () => {
  putPod(api, 'gate-1');
  putPod(api, 'evicted', { phase: 'Failed' });
  putPod(api, 'finished', { phase: 'Succeeded' });
  putPod(api, 'other', { labels: { app: 'shop' } });
  expect(await liveAndEnd(IN_POD)).toEqual({ left: 0, reasons: [] });
});

test.each([
  ['ready', {}],
  ['not ready yet', { ready: false }],
  ['not bound yet', { phase: 'Pending', node: '', ready: false }],
  ['on its way out, but there', { leaving: true }],
  ['of another revision', { labels: { ...LABELS, 'controller-revision-hash': 'b' } }],
])('not while another pod is there that is %s', async (_, options) => {
  putPod(api, 'gate-1');
  putPod(api, 'gate-2', options);
  expect(await liveAndEnd(IN_POD)).toEqual({
    left: NAMES.length,
    reasons: ['the pod edge/gate-2 is there too'],
  });
});

test.each([[403], ['reset'], [404]] as const)('not when the pods cannot be read: %s', async (fault) => {
  putPod(api, 'gate-1');
  const stop = () => {
    api.fault = ({ path }) =>
      path.startsWith(podPath('')) || path === '/api/v1/namespaces/edge/pods' ? fault : null;
  };
  expect(await liveAndEnd(IN_POD, {}, stop)).toEqual({
    left: NAMES.length,
    reasons: [expect.stringContaining('cannot be read')],
  });
});

test('outside of a pod only by one that is alone by declaration', async () => {
  expect(await liveAndEnd({ pod: null, elected: true })).toEqual({
    left: NAMES.length,
    reasons: [expect.stringContaining('--disable-leader-election')],
  });
  expect(await liveAndEnd({ pod: null, elected: false })).toEqual({ left: 0, reasons: [] });
});

test('several addresses are left to the others who serve at them', async () => {
  putPod(api, 'gate-1');
  const source: AddressSource = { kind: 'addresses', addresses: ['203.0.113.9', 'gate.example'] };
  expect(await liveAndEnd(IN_POD, { source })).toEqual({
    left: NAMES.length,
    reasons: [expect.stringContaining('several addresses')],
  });
});

test('without the flag nobody is asked and nothing is taken back', async () => {
  putPod(api, 'gate-1');
  expect(await liveAndEnd(null)).toEqual({ left: NAMES.length, reasons: [] });
  expect(api.seen.filter(({ method }) => method === 'GET')).toEqual([]);
});

test('who does not lead any more takes nothing back', async () => {
  putPod(api, 'gate-1');
  const lose = () => {
    leading = false;
  };
  expect(await liveAndEnd(IN_POD, {}, lose)).toEqual({ left: NAMES.length, reasons: [] });
  expect(api.seen.filter(({ method }) => method === 'GET')).toEqual([]);
});

test('it does not wait for an API server that is down', async () => {
  const hang = () => {
    api.fault = () => 'hang';
  };
  const alone = { pod: null, elected: false };
  expect((await liveAndEnd(alone, { endWithin: 300 }, hang)).left).toBe(NAMES.length);
  api.fault = () => null;
  putPod(api, 'gate-1');
  expect((await liveAndEnd(IN_POD, { endWithin: 300 }, hang)).left).toBe(NAMES.length);
});

test('the address of a node is published while its pod is not ready again, and taken back at the end', async () => {
  putPod(api, 'gate-1');
  putNode(api, 'n1', ['ExternalIP', '203.0.113.9']);
  const source: AddressSource = { kind: 'nodes', pod: OWN, internal: false };
  const ended = await liveAndEnd(IN_POD, { source }, () => putPod(api, 'gate-1', { ready: false }));
  expect(ended).toEqual({ left: 0, reasons: [] });
});
