// Who the controller is to the cluster: the service account of the RBAC that we ship, with a token in a file, which
// can be revoked and renewed as a cluster does it.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from './api.ts';
import { writeKubeconfig } from './kubeconfig.ts';

export const NAMESPACE = 'ingress-openresty';
export const ACCOUNT = 'ingress-openresty';

export type ControllerAccount = {
  /** Names the token's file; the token is in no other place. */
  readonly kubeconfig: string;
  /** The token of this moment is refused from now on, once the API server has forgotten that it knew it (10 s). */
  readonly revoke: () => Promise<void>;
  /** A new token in the same file. */
  readonly renew: () => Promise<void>;
};

export async function createControllerAccount(
  api: Api,
  { folder, server, ca }: { readonly folder: string; readonly server: string; readonly ca: string },
): Promise<ControllerAccount> {
  const accounts = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
  const kubeconfig = join(folder, 'controller.kubeconfig');
  const tokenFile = join(folder, 'controller.token');
  const renew = async () => {
    const answer = await api.call('POST', `${accounts}/${ACCOUNT}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    // As a kubelet does it: never half of a token.
    await writeFile(`${tokenFile}.new`, answer.status.token, { mode: 0o600 });
    await rename(`${tokenFile}.new`, tokenFile);
  };
  await renew();
  await writeKubeconfig(kubeconfig, { server, ca, user: { tokenFile }, namespace: NAMESPACE });
  return {
    kubeconfig,
    renew,
    // A token belongs to the account with this uid; the roles are bound to its name.
    async revoke() {
      await api.call('DELETE', `${accounts}/${ACCOUNT}`);
      await api.call('POST', accounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: ACCOUNT, namespace: NAMESPACE },
      });
    },
  };
}
