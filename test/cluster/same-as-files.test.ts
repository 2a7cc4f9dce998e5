// A cluster and a folder with what kubectl gets from it are one state: a controller that goes over from the one to the
// other has nothing to push and nothing to reload.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startController } from '../e2e/support/controller.ts';
import { ingress, tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import type { Thing } from './support/api.ts';
import { NAMESPACE } from './support/controller-account.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService, deployment, namespace } from './support/workloads.ts';

const KINDS = 'ingresses,ingressclasses,services,endpointslices,secrets,configmaps';

testCluster('from a cluster to files: nothing is pushed, nothing is reloaded', {}, async (bed) => {
  const { plane, startGateway, kubelet, after } = bed;
  const leaf = await makeLeaf(await makeAuthority(), { names: ['safe.example'] });
  await plane.kubectl.apply(namespace('team'));
  await plane.kubectl.apply(
    deployment('shop', { replicas: 2 }),
    deployment('next'),
    clusterService('shop'),
    clusterService('next'),
    tlsSecret('safe', leaf),
    tlsSecret('nobody-names-it', leaf),
    ingress('plain', { host: 'plain.example', service: 'shop' }),
    ingress('safe', { host: 'safe.example', service: 'shop', tls: 'safe' }),
    ingress('lost', { host: 'lost.example', service: 'nowhere' }),
    ingress('canary', {
      host: 'plain.example',
      service: 'next',
      annotations: { canary: 'true', 'canary-weight': '30' },
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'outside', namespace: 'team' },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 80 }] },
    },
    inTeam(ingress('outside', { host: 'outside.example', service: 'outside' })),
    inTeam(ingress('claim', { host: 'plain.example', path: '/team', service: 'outside' })),
  );
  const gateway = await startGateway({ flags: ['--compile=at-once'] });
  await gateway.answers('plain.example', ({ status }) => status === 200);
  await gateway.stateWhen(
    'all pods are served',
    ({ settled }) => settled && kubelet.running('shop').length === 2,
  );
  const before = await gateway.settled();
  await gateway.controller().kill();

  const manifests = join(plane.folder, 'manifests');
  await mkdir(manifests);
  const { items } = await plane.kubectl.get(KINDS, '--all-namespaces');
  expect(items.length).toBeGreaterThan(15);
  await writeFile(
    join(manifests, 'all.yaml'),
    items.map((item: Thing) => JSON.stringify(item)).join('\n---\n'),
  );
  const from = gateway.flags.indexOf('--kubeconfig');
  const fromFiles = startController(gateway.flags.toSpliced(from, 2, '--manifests', manifests));
  after(() => fromFiles.kill());
  const state = await gateway.stateWhen('settled', ({ settled }) => settled);
  expect({ pushes: state.pushes, reloads: state.reloads }).toEqual({ pushes: 0, reloads: 0 });
  const { compiled, interpreted } = before.hosts;
  expect(state.hosts).toMatchObject({ compiled, interpreted });
  expect(state.files).toEqual(before.files);
  // What only a cluster has to say, about its own namespace, is not among these.
  expect(state.diagnostics).toEqual(before.diagnostics);
  expect(state.diagnostics.length).toBeGreaterThan(0);
  expect(items.some(({ metadata }: Thing) => metadata.namespace === NAMESPACE)).toBe(true);
});

function inTeam(object: Thing): Thing {
  return { ...object, metadata: { ...object.metadata, namespace: 'team' } };
}
