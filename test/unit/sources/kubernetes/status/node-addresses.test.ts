// Node addresses, as ingress-nginx finds them, and what is not taken for "no address".
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readNodeAddresses } from '../../../../../src/sources/kubernetes/status/node-addresses.ts';
import { ownPod } from '../../../../../src/sources/kubernetes/status/own-pods.ts';
import { type ApiServer, startApiServer } from '../lease/support/api-server.ts';
import { openTestCluster, type TestCluster } from '../lease/support/open-test-cluster.ts';
import { LABELS, nodePath, OWN, podPath, putNode, putPod } from './pods.ts';

let api: ApiServer;
let opened: TestCluster;

beforeEach(async () => {
  api = await startApiServer();
  opened = await openTestCluster(api.port, 'a');
});

afterEach(async () => {
  await opened.close();
  await api.close();
});

const read = (internal = false) =>
  readNodeAddresses({ pod: OWN, internal }, opened.cluster, new AbortController().signal);
const ip = (text: string) => ({ ip: text, hostname: '' });

test('POD_NAMESPACE and POD_NAME say which pod we are; one of them says nothing', () => {
  expect(ownPod({ POD_NAMESPACE: 'edge', POD_NAME: 'gate-1' })).toEqual(OWN);
  expect(ownPod({ POD_NAME: 'gate-1' })).toBeNull();
  expect(ownPod({ POD_NAMESPACE: 'edge', POD_NAME: '' })).toBeNull();
});

test.each<[string, [string, string][], string | null, string | null]>([
  [
    'an ExternalIP comes first, wherever it stands',
    [
      ['Hostname', 'n1.example'],
      ['InternalIP', '10.0.0.1'],
      ['InternalIP', '10.0.0.2'],
      ['ExternalIP', '192.0.2.1'],
      ['ExternalIP', '192.0.2.2'],
    ],
    '192.0.2.1',
    '10.0.0.1',
  ],
  ['else the first InternalIP', [['InternalIP', 'fd00::1']], 'fd00::1', 'fd00::1'],
  [
    'empty ones do not count',
    [
      ['ExternalIP', ''],
      ['InternalIP', '10.0.0.1'],
    ],
    '10.0.0.1',
    '10.0.0.1',
  ],
  ['internal means that only', [['ExternalIP', '192.0.2.1']], '192.0.2.1', null],
  ['names are no addresses', [['Hostname', 'n1.example']], null, null],
  ['nor is nothing', [], null, null],
])('%s', async (_, addresses, external, internal) => {
  putPod(api, 'gate-1');
  putNode(api, 'n1', ...addresses);
  for (const [flag, expected] of [[false, external] as const, [true, internal] as const]) {
    expect(await read(flag)).toEqual(
      expected === null
        ? { message: expect.stringMatching(/^none of the nodes n1 has an (ExternalIP or )?InternalIP$/) }
        : { addresses: [ip(expected)] },
    );
  }
});

test('the pods of our labels that run and are ready, of whichever revision; each node once', async () => {
  putPod(api, 'gate-1');
  putPod(api, 'gate-2');
  putPod(api, 'of-the-next-revision', { node: 'n2', labels: { ...LABELS, 'controller-revision-hash': 'b' } });
  putPod(api, 'asked-to-end', { node: 'n3', leaving: true });
  putPod(api, 'not-ready', { node: 'n4', ready: false });
  putPod(api, 'over', { node: 'n5', phase: 'Failed' });
  putPod(api, 'of-others', { node: 'n6', labels: { app: 'gate' } });
  putPod(api, 'elsewhere', { node: 'n7', namespace: 'other' });
  putPod(api, 'not-bound', { node: '' });
  for (let index = 1; index <= 7; index += 1) putNode(api, `n${index}`, ['InternalIP', `10.0.0.${index}`]);
  expect(await read()).toEqual({ addresses: [ip('10.0.0.1'), ip('10.0.0.2'), ip('10.0.0.3')] });
  expect(api.seen.filter(({ path }) => path === nodePath('n1')).length).toBe(1);
});

test('a node that is gone has no address; one that cannot be read is no answer at all', async () => {
  putPod(api, 'gate-1');
  putPod(api, 'gate-2', { node: 'n2' });
  putNode(api, 'n1', ['InternalIP', '10.0.0.1']);
  expect(await read()).toEqual({ addresses: [ip('10.0.0.1')] });
  api.fault = ({ path }) => (path === nodePath('n2') ? 403 : null);
  expect(await read()).toEqual({ message: 'the node n2 cannot be read: 403 "answered 403"' });
  api.fault = ({ path }) => (path === nodePath('n2') ? 'reset' : null);
  expect(await read()).toEqual({ message: expect.stringContaining('the node n2 cannot be read') });
});

test('that no pod is ready does not mean that there is no address', async () => {
  putPod(api, 'gate-1', { ready: false });
  putNode(api, 'n1', ['InternalIP', '10.0.0.1']);
  expect(await read()).toEqual({ message: 'none of the pods of this controller is ready' });
});

test('a pod without labels of its own stands for itself', async () => {
  putPod(api, 'gate-1', { labels: {} });
  putPod(api, 'other', { labels: {}, node: 'n2' });
  putNode(api, 'n1', ['InternalIP', '10.0.0.1']);
  putNode(api, 'n2', ['InternalIP', '10.0.0.2']);
  expect(await read()).toEqual({ addresses: [ip('10.0.0.1')] });
});

test('what cannot be read is named', async () => {
  expect(await read()).toEqual({
    message: 'the own pod edge/gate-1 (POD_NAMESPACE, POD_NAME) cannot be read: 404 "answered 404"',
  });
  putPod(api, 'gate-1');
  api.fault = ({ path }) => (path === podPath('gate-1') ? null : 403);
  expect(await read()).toEqual({
    message: 'the pods app=gate,tier= in edge cannot be read: 403 "answered 403"',
  });
});
