// `--kubeconfig in-cluster`: the files that a kubelet mounts, at the place where they are in every pod, and the address
// from the environment; the token is rotated as a kubelet does it, by a swapped link.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { NAMESPACE } from './support/controller-account.ts';
import { expectNews } from './support/news.ts';
import { openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';

const RUN = '/run';
const ACCOUNT_FOLDER = join(RUN, 'secrets/kubernetes.io/serviceaccount');

testCluster(
  'in a pod: the service account of the pod, and a token that is revoked and renewed',
  {},
  async (bed) => {
    const { plane } = bed;
    const execute = promisify(execFile);
    // The suite has a mount namespace of its own: nothing of the machine changes.
    await execute('mount', ['-t', 'tmpfs', 'tmpfs', RUN]);
    bed.after(() => execute('umount', ['-l', RUN]));
    let written = 0;
    const mountToken = async () => {
      written += 1;
      const folder = join(ACCOUNT_FOLDER, `..${written}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'token'), await readFile(join(plane.folder, 'controller.token')));
      await writeFile(join(folder, 'ca.crt'), plane.authority.cert);
      await writeFile(join(folder, 'namespace'), NAMESPACE);
      await symlink(`..${written}`, join(ACCOUNT_FOLDER, '..data_tmp'));
      await rename(join(ACCOUNT_FOLDER, '..data_tmp'), join(ACCOUNT_FOLDER, '..data'));
    };
    await mountToken();
    for (const name of ['token', 'ca.crt', 'namespace'])
      await symlink(`..data/${name}`, join(ACCOUNT_FOLDER, name));

    const { hostname, port } = new URL(plane.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const { gateway, expectUnbroken } = await openShop(bed, { flags: ['--kubeconfig=in-cluster'], env });
    const before = await gateway.settled();
    const leases = await plane.api.call('GET', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`);
    expect(leases.items).toHaveLength(1);

    await plane.account.revoke();
    await gateway.stateWhen(
      'the refusal is said',
      ({ kinds }) =>
        kinds.some(({ trouble, remedy }) => trouble?.includes('401') === true && remedy !== null),
      40_000,
    );
    await plane.account.renew();
    await mountToken();
    await sleep(1_000);
    await expectNews(plane, gateway, 'renewed', 60_000);
    await expectUnbroken(before);
  },
);
