// The rights that we ship: each is used, nothing beyond them is, and a namespace can be served without any in the whole
// cluster. What is used is what the API server wrote into its audit log.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from '@jest/globals';
import { ingress, tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { MERGE, openApi, type Thing } from './support/api.ts';
import { readAudit, readRights, refusedOf, usedOf } from './support/audit.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { NAMESPACE } from './support/controller-account.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService, deployment, namespace } from './support/workloads.ts';

const shipped = (name: string) => resolve(import.meta.dirname, '../../deploy/kubernetes', name);
const ADDRESS = '192.0.2.30';
const NODE = '10.99.0.11';

testCluster('each right of rbac.yaml is used, and no other is asked for', {}, async (bed) => {
  const { plane, startGateway } = bed;
  await plane.kubectl.run(['label', 'namespace/default', 'team=web']);
  await prepare(plane, 'default');
  const flags = ['--watch-namespace-selector=team=web', `--publish-service=${NAMESPACE}/gate`];
  const gateway = await startGateway({ flags });
  await plane.kubectl.apply(secureIngress('default'), lostIngress('default'));
  await told(plane, 'default');
  await gateway.answers('safe.example', ({ status }) => status === 308);
  await gateway.controller().stop();

  // As a pod, whose nodes are the address.
  const inPod = await startGateway({ env: await playPod(plane) });
  await eventually('the addresses of the nodes', async () => {
    const { status } = await plane.kubectl.get('ingress', 'safe');
    return JSON.stringify(status.loadBalancer.ingress) === JSON.stringify([{ ip: NODE }]);
  });
  await eventually('the event is renewed', async () =>
    (await readAudit(plane.auditLog)).some(({ right }) => right.startsWith('patch /events')),
  );
  await inPod.controller().stop();

  const [asked, granted] = await Promise.all([readAudit(plane.auditLog), readRights(shipped('rbac.yaml'))]);
  expect(usedOf(granted, asked)).toEqual(granted.toSorted());
  expect(refusedOf(asked)).toEqual([]);
});

testCluster('what rbac.yaml does not give is refused', {}, async ({ plane }) => {
  const token = await readFile(join(plane.folder, 'controller.token'), 'utf8');
  const controller = openApi({ url: plane.url, ca: plane.authority.cert, token });
  const mayI = async (verb: string, what: string, namespace = 'default'): Promise<boolean> => {
    const [group = '', resource = '', subresource = ''] = what.split('/');
    const answer = await controller.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { group, resource, subresource, verb, namespace } },
    });
    return answer.status.allowed;
  };
  const refused: readonly (readonly [what: string, ...verbs: string[]])[] = [
    ['*/*', '*'],
    ['/secrets', 'create', 'update', 'patch', 'delete'],
    ['/configmaps', 'get', 'list', 'create', 'update', 'patch', 'delete'],
    ['/services', 'create', 'update', 'patch', 'delete'],
    ['networking.k8s.io/ingresses', 'create', 'update', 'patch', 'delete', 'deletecollection'],
    ['discovery.k8s.io/endpointslices', 'create', 'update', 'patch', 'delete'],
    ['/pods', 'get', 'list', 'create', 'delete'],
    ['/pods/exec', 'get', 'create'],
    ['/pods/portforward', 'create'],
    ['/nodes', 'list', 'patch', 'delete'],
    ['/nodes/proxy', 'get', 'create'],
    ['/serviceaccounts/token', 'create'],
    ['/users', 'impersonate'],
    ['rbac.authorization.k8s.io/clusterroles', 'bind', 'escalate', 'create', 'update'],
    ['coordination.k8s.io/leases', 'get', 'update', 'delete'],
    ['admissionregistration.k8s.io/validatingwebhookconfigurations', 'list', 'create', 'update'],
  ];
  const allowed: string[] = [];
  for (const [what, ...verbs] of refused) {
    for (const verb of verbs) if (await mayI(verb, what)) allowed.push(`${verb} ${what}`);
  }
  expect(allowed).toEqual([]);
  // That the question is answered at all.
  expect(await mayI('list', '/secrets')).toBe(true);
  expect(await mayI('delete', '/secrets', NAMESPACE)).toBe(false);
  controller.close();
});

testCluster('one namespace, without any right in the whole cluster', {}, async (bed) => {
  const { plane, startGateway } = bed;
  await plane.kubectl.remove('clusterrolebinding/ingress-openresty', 'clusterrole/ingress-openresty');
  await plane.kubectl.remove(
    '--namespace',
    NAMESPACE,
    'role/ingress-openresty',
    'rolebinding/ingress-openresty',
  );
  await plane.kubectl.apply(namespace('shop'));
  await plane.kubectl.run(['apply', '-f', shipped('rbac-namespace.yaml')]);
  await prepare(plane, 'shop');
  const flags = ['--watch-namespace=shop', `--publish-service=${NAMESPACE}/gate`];
  const gateway = await startGateway({ flags, env: await playPod(plane) });
  const annotated = withClassAnnotation(lostIngress('shop'));
  await plane.kubectl.apply(withClassAnnotation(secureIngress('shop')), annotated);
  await told(plane, 'shop');
  await gateway.answers('safe.example', ({ status }) => status === 308);

  // What is missing is said, with what it means and what helps.
  const { diagnostics, kinds } = await gateway.settled();
  const said = diagnostics.find(({ code, field }) => code === 'watch-forbidden' && field === 'IngressClass');
  expect(said?.message).toContain('Ingresses are ours by the annotation kubernetes.io/ingress.class only');
  expect(said?.hint).toContain('let the controller list and watch ingressclasses in the whole cluster');
  expect(kinds.find(({ kind }) => kind === 'IngressClass')).toMatchObject({ synced: true, objects: 0 });
  await plane.kubectl.apply(
    inNamespace(ingress('named', { host: 'named.example', service: 'shop' }), 'shop'),
  );
  const asked = await readAudit(plane.auditLog);
  expect(refusedOf(asked)).toEqual(['list networking.k8s.io/ingressclasses in every namespace']);
  expect((await gateway.get('named.example')).status).toBe(404);

  await plane.kubectl.run(['apply', '-f', shipped('rbac-ingress-classes.yaml')]);
  await gateway.answers('named.example', ({ status }) => status === 200, 60_000);
  await gateway.stateWhen('nothing is missing', (state) =>
    state.diagnostics.every(({ code }) => code !== 'watch-forbidden'),
  );
  await gateway.controller().stop();
  gateway.startController();
  await gateway.settled();
  await eventually('the event is renewed', async () =>
    (await readAudit(plane.auditLog)).some(({ right }) => right.startsWith('patch /events')),
  );
  await gateway.controller().stop();

  const files = ['rbac-namespace.yaml', 'rbac-ingress-classes.yaml'];
  const granted = (await Promise.all(files.map((file) => readRights(shipped(file))))).flat().toSorted();
  expect(usedOf(granted, await readAudit(plane.auditLog))).toEqual(granted);
});

/** A shop that runs, a Secret that nobody names yet, and the Service whose address is published. */
async function prepare(plane: ControlPlane, space: string): Promise<void> {
  const leaf = await makeLeaf(await makeAuthority(), { names: ['safe.example'] });
  const objects = [deployment('shop'), clusterService('shop'), tlsSecret('safe', leaf)];
  await plane.kubectl.apply(...objects.map((object) => inNamespace(object, space)), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'gate', namespace: NAMESPACE },
    spec: { type: 'ClusterIP', ports: [{ port: 80 }], externalIPs: [ADDRESS] },
  });
}

function secureIngress(space: string): Thing {
  return inNamespace(ingress('safe', { host: 'safe.example', service: 'shop', tls: 'safe' }), space);
}

function lostIngress(space: string): Thing {
  return inNamespace(ingress('lost', { host: 'lost.example', service: 'nowhere' }), space);
}

function inNamespace(object: Thing, space: string): Thing {
  return { ...object, metadata: { ...object.metadata, namespace: space } };
}

function withClassAnnotation(object: Thing): Thing {
  const { ingressClassName: _, ...spec } = object.spec;
  const annotations = { ...object.metadata.annotations, 'kubernetes.io/ingress.class': 'nginx' };
  return { ...object, metadata: { ...object.metadata, annotations }, spec };
}

/** Status and an Event have been written. */
async function told(plane: ControlPlane, space: string): Promise<void> {
  await eventually('status', async () => {
    const { status } = await plane.kubectl.get('ingress', 'safe', '--namespace', space);
    return (status.loadBalancer?.ingress ?? []).length > 0;
  });
  await eventually('an event', async () => {
    const selector = '--field-selector=involvedObject.name=lost';
    const { items } = await plane.kubectl.get('events', '--namespace', space, selector);
    return items.length > 0;
  });
}

/** What a pod of the controller would be told, with a pod that plays it. */
async function playPod(plane: ControlPlane) {
  const addresses = [{ type: 'InternalIP', address: NODE }];
  await plane.api.call('PATCH', '/api/v1/nodes/node-a/status', { status: { addresses } }, MERGE);
  const labels = { app: 'gate' };
  await plane.kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'gate-1', namespace: NAMESPACE, labels },
    spec: { nodeName: 'node-a', containers: [{ name: 'gate', image: 'example.test/gate:1' }] },
  });
  return { POD_NAMESPACE: NAMESPACE, POD_NAME: 'gate-1' };
}
