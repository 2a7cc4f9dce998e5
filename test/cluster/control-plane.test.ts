// The test bed itself: a real control plane, whose pods are played by real backends on addresses of their own.
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { request } from '../support/http-client.ts';
import { childPids, processTitle } from '../support/processes.ts';
import type { Api, Thing } from './support/api.ts';
import { startControlPlane } from './support/control-plane.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService, deployment } from './support/workloads.ts';

testCluster(
  'a Deployment and a Service have endpoints that answer, and end as on a cluster',
  {},
  async (bed) => {
    const { plane, kubelet } = bed;
    await plane.kubectl.apply(deployment('shop'), clusterService('shop'));
    const [first] = await readyEndpoints(plane.api, 'shop', 1);
    expect(first).toMatchObject({ zone: 'zone-a', nodeName: 'node-a' });
    const [pod] = kubelet.running('shop');
    expect(first?.addresses).toEqual([pod?.address]);
    expect(pod?.address).toMatch(/^10\.99\./);
    const answer = await request({ address: pod?.address ?? '', port: 8080 });
    expect(answer.headers['x-backend']).toBe(pod?.name);

    await plane.kubectl.run(['scale', 'deployment/shop', '--replicas=3']);
    const three = await readyEndpoints(plane.api, 'shop', 3);
    expect(new Set(three.map(({ zone }) => zone))).toEqual(new Set(['zone-a', 'zone-b']));

    await plane.kubectl.run(['scale', 'deployment/shop', '--replicas=1']);
    const leaving = await eventually('two endpoints terminate', async () => {
      const all = await endpoints(plane.api, 'shop');
      const terminating = all.filter(({ conditions }) => conditions.terminating);
      return terminating.length === 2 ? terminating : null;
    });
    for (const { conditions, addresses } of leaving) {
      expect(conditions).toEqual({ ready: false, serving: true, terminating: true });
      expect((await request({ address: addresses[0], port: 8080 })).status).toBe(200);
    }
    await eventually('one endpoint', async () => (await endpoints(plane.api, 'shop')).length === 1);
    for (const { addresses } of leaving) {
      await expect(request({ address: addresses[0], port: 8080 })).rejects.toThrow('ECONNREFUSED');
    }
  },
);

testCluster(
  'the API server is away and comes back, its revisions forgotten',
  {},
  async ({ plane, kubelet }) => {
    await plane.kubectl.apply(deployment('shop', { replicas: 2 }), clusterService('shop'));
    await readyEndpoints(plane.api, 'shop', 2);
    const { metadata } = await plane.api.call('GET', SLICES);

    await plane.apiServer.kill();
    for (const { address } of kubelet.running('shop')) {
      expect((await request({ address, port: 8080 })).status).toBe(200);
    }
    await plane.startApiServer();
    await plane.kubectl.run(['scale', 'deployment/shop', '--replicas=3']);
    await readyEndpoints(plane.api, 'shop', 3);

    await plane.compact();
    await plane.apiServer.kill();
    await plane.startApiServer();
    const from = `${SLICES}?watch=1&resourceVersion=${metadata.resourceVersion}`;
    for await (const event of plane.api.watch(from, AbortSignal.timeout(40_000))) {
      expect(event).toMatchObject({ type: 'ERROR', object: { code: 410 } });
      break;
    }
  },
);

test('a control plane leaves nothing behind', async () => {
  const plane = await startControlPlane();
  process.stdout.write(`the API server is ready after ${plane.startedIn} ms\n`);
  const pids = [plane.etcd.pid(), plane.apiServer.pid(), plane.controllerManager.pid()];
  expect(new Set(await childPids(process.pid))).toEqual(new Set(pids));
  await plane.close();
  for (const pid of pids) expect(await processTitle(pid)).toBe('');
  expect(await childPids(process.pid)).toEqual([]);
  await expect(readdir(plane.folder)).rejects.toThrow('ENOENT');
}, 60_000);

const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

async function endpoints(api: Api, service: string): Promise<readonly Thing[]> {
  const query = `labelSelector=kubernetes.io/service-name=${service}`;
  const { items } = await api.call('GET', `${SLICES}?${query}`);
  return items.flatMap((slice: Thing) => slice.endpoints ?? []);
}

function readyEndpoints(api: Api, service: string, count: number): Promise<readonly Thing[]> {
  return eventually(
    `${count} endpoints are ready`,
    async () => {
      const all = await endpoints(api, service);
      return all.length === count && all.every(({ conditions }) => conditions.ready) ? all : null;
    },
    { timeoutMs: 30_000, pauseMs: 50 },
  );
}
