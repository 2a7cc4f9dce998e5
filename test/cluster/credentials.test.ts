// Each way that a kubeconfig has of saying who we are, renewed while the controller runs: no request fails, what
// changes meanwhile arrives, and what cannot be used is refused at the start.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { makeLeaf, type Pair } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { ACCOUNT, NAMESPACE } from './support/controller-account.ts';
import type { ClusterGateway } from './support/gateway-in-cluster.ts';
import { serverOf, writeKubeconfig } from './support/kubeconfig.ts';
import { expectNews } from './support/news.ts';
import { HOST, openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';

testCluster('a token file that is rotated before its token ends; a context by its name', {}, async (bed) => {
  const { plane } = bed;
  const tokenFile = join(plane.folder, 'rotated.token');
  const first = await boundToken(plane, 'first');
  await writeFile(tokenFile, first.token);
  const kubeconfig = join(plane.folder, 'two-contexts.kubeconfig');
  await writeKubeconfig(kubeconfig, { ...serverOf(plane), user: { tokenFile: 'rotated.token' } });
  const config = JSON.parse(await readFile(kubeconfig, 'utf8'));
  config['current-context'] = 'other';
  config.contexts.push({ name: 'other', context: { cluster: 'nowhere', user: 'test' } });
  await writeFile(kubeconfig, JSON.stringify(config));

  const flags = [`--kubeconfig=${kubeconfig}`, '--context=test'];
  const { gateway, expectUnbroken } = await openShop(bed, { flags });
  const before = await gateway.settled();
  const second = await boundToken(plane, 'second');
  await replace(tokenFile, second.token);
  await first.revoke();
  // For so long the API server remembers that it has accepted a token, and a watch lives.
  await sleep(22_000);
  await expectNews(plane, gateway, 'after-rotation');
  const { kinds } = await gateway.state();
  expect(kinds.map(({ failures }) => failures)).toEqual(kinds.map(() => ({})));
  expect(kinds.every(({ synced, trouble }) => synced && trouble === null)).toBe(true);
  expectNoSecrets(gateway, first.token, second.token);
  await expectUnbroken(before);
});

testCluster('a client certificate, renewed before and after it has expired', {}, async (bed) => {
  const { plane } = bed;
  await plane.kubectl.apply(...bindingsOf('outside-controller'));
  const files = { cert: join(plane.folder, 'client.crt'), key: join(plane.folder, 'client.key') };
  const until = (seconds: number) => new Date(Date.now() + 1000 * seconds);
  const firstEnds = until(30);
  const first = await clientPair(plane, firstEnds);
  await writePair(files, first);
  const kubeconfig = join(plane.folder, 'certificate.kubeconfig');
  const user = { 'client-certificate': 'client.crt', 'client-key': 'client.key' };
  await writeKubeconfig(kubeconfig, { ...serverOf(plane), user, namespace: NAMESPACE });
  const { gateway, expectUnbroken } = await openShop(bed, { flags: [`--kubeconfig=${kubeconfig}`] });
  const before = await gateway.settled();

  // Half of a new pair: the old one goes on counting, and it is said.
  const second = await clientPair(plane, until(45));
  await replace(files.cert, second.cert);
  await eventually('the mismatch is said', () => gateway.controller().log().includes('not of one pair'));
  await expectNews(plane, gateway, 'half-a-pair');
  await replace(files.key, second.key);

  // The first one expires while the second counts: nobody notices.
  // A watch lives ten seconds at most: each of them has asked anew since.
  await sleep(firstEnds.getTime() - Date.now() + 11_000);
  expect((await gateway.state()).kinds.every(({ trouble }) => trouble === null)).toBe(true);

  // The second one expires: it is said with the remedy, and nothing is given up.
  const refused = await gateway.stateWhen(
    'the expiry is said',
    ({ kinds }) => kinds.some(({ trouble }) => trouble?.includes('401') === true),
    40_000,
  );
  expect(refused.kinds.find(({ trouble }) => trouble !== null)?.remedy).toContain('renew the credentials');
  expect((await gateway.get(HOST)).status).toBe(200);
  const third = await clientPair(plane, until(3600));
  await writePair(files, third);
  await expectNews(plane, gateway, 'after-expiry', 60_000);
  expectNoSecrets(gateway, 'PRIVATE KEY');
  await expectUnbroken(before);
});

testCluster(
  'an exec plugin: runs again after expiry and refusal, and a start outlives its failure',
  {},
  async (bed) => {
    const { plane } = bed;
    const at = (name: string) => join(plane.folder, name);
    const runs = async () => (await readFile(at('runs'), 'utf8')).split('\n').length - 1;
    const script = `#!/bin/sh
[ -e ${at('broken')} ] && exit 1
[ "$CLUSTER" = test ] || exit 2
cat ${at('credential')}
echo run >> ${at('runs')}
`;
    await writeFile(at('plugin'), script);
    await chmod(at('plugin'), 0o700);
    const give = (token: string, seconds: number) => {
      const expirationTimestamp = new Date(Date.now() + 1000 * seconds).toISOString();
      const credential = { apiVersion: API, kind: 'ExecCredential', status: { token, expirationTimestamp } };
      return replace(at('credential'), JSON.stringify(credential));
    };
    const first = await boundToken(plane, 'first');
    await give(first.token, 40);
    const kubeconfig = at('exec.kubeconfig');
    const env = [{ name: 'CLUSTER', value: 'test' }];
    const exec = { apiVersion: API, command: './plugin', interactiveMode: 'Never', env };
    await writeKubeconfig(kubeconfig, { ...serverOf(plane), user: { exec }, namespace: NAMESPACE });
    const { gateway, load, servedBy, expectUnbroken } = await openShop(bed, {
      flags: [`--kubeconfig=${kubeconfig}`],
    });
    const before = await gateway.settled();
    expect(await runs()).toBe(1);

    const second = await boundToken(plane, 'second');
    await give(second.token, 3600);
    await eventually('it has run again', async () => (await runs()) > 1, { timeoutMs: 60_000 });
    await first.revoke();
    const ran = await runs();
    const third = await boundToken(plane, 'third');
    await give(third.token, 3600);
    await second.revoke();
    await eventually('a refused token makes it run', async () => (await runs()) > ran, { timeoutMs: 40_000 });
    await expectNews(plane, gateway, 'after-refusal');
    expect((await gateway.state()).kinds.every(({ trouble }) => trouble === null)).toBe(true);
    expect(await runs()).toBeLessThan(10);
    await expectUnbroken(before);

    // Everything starts while the plugin cannot reach what it asks.
    await writeFile(at('broken'), '');
    await gateway.controller().kill();
    await gateway.proxy.kill();
    gateway.startController();
    await gateway.answers(HOST, ({ status }) => status === 200);
    const ready = await gateway.admin('/readyz');
    expect(ready).toMatchObject({
      status: 503,
      body: expect.stringContaining('exec plugin plugin ended with status 1'),
    });
    await replace(at('broken'), '').then(() => rename(at('broken'), at('mended')));
    await gateway.settled(30_000);
    await servedBy(bed.kubelet.running('shop'));
    expectNoSecrets(gateway, first.token, second.token, third.token);
    await load.stop();
  },
);

const API = 'client.authentication.k8s.io/v1';

/** A token of the controller's account that ends with a Secret, as one of a deleted pod does. */
async function boundToken(plane: ControlPlane, name: string) {
  const secrets = `/api/v1/namespaces/${NAMESPACE}/secrets`;
  const { metadata } = await plane.api.call('POST', secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
  });
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name, uid: metadata.uid };
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${ACCOUNT}/token`;
  const { status } = await plane.api.call('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { boundObjectRef, expirationSeconds: 3600 },
  });
  return { token: status.token as string, revoke: () => plane.api.call('DELETE', `${secrets}/${name}`) };
}

function clientPair(plane: ControlPlane, notAfter: Date): Promise<Pair> {
  return makeLeaf(plane.authority, { names: ['outside-controller'], notAfter });
}

async function writePair(files: { readonly cert: string; readonly key: string }, pair: Pair): Promise<void> {
  await replace(files.cert, pair.cert);
  await replace(files.key, pair.key);
}

/** As whoever renews credentials should do it: never half of a file. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The roles that we ship, for a user of one's own, as their file says. */
function bindingsOf(user: string) {
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
  const roleRef = (kind: string) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name: 'ingress-openresty',
  });
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      roleRef: roleRef('ClusterRole'),
      subjects,
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: user, namespace: NAMESPACE },
      roleRef: roleRef('Role'),
      subjects,
    },
  ];
}

function expectNoSecrets(gateway: ClusterGateway, ...secrets: readonly string[]): void {
  for (const secret of secrets) expect(gateway.controller().log().includes(secret)).toBe(false);
}
