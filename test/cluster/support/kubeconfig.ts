// Kubeconfig files as people have them: one cluster, one user, one context.
import { writeFile } from 'node:fs/promises';
import type { ControlPlane } from './control-plane.ts';

export type KubeconfigOptions = {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  /** The fields as a kubeconfig names them. */
  readonly user: Readonly<Record<string, unknown>>;
  /** More of the cluster's. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly namespace?: string;
};

/** As the controller sees it: through the gate. */
export function serverOf({ gate, authority }: Pick<ControlPlane, 'gate' | 'authority'>) {
  return { server: `https://127.0.0.1:${gate.port}`, ca: authority.cert };
}

export async function writeKubeconfig(file: string, options: KubeconfigOptions): Promise<void> {
  const { server, ca, user, cluster = {}, namespace = 'default' } = options;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64'), ...cluster },
      },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
    'current-context': 'test',
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, null, 1), { mode: 0o600 });
}
