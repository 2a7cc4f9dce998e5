// The real Cluster, over a kubeconfig in a temporary folder, to a server on loopback.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, openCluster } from '../../../../../../src/sources/kubernetes/cluster.ts';

export interface TestCluster {
  readonly cluster: Cluster;
  close(): Promise<void>;
}

export const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** @param token tells the server who asks. */
export async function openTestCluster(port: number, token: string): Promise<TestCluster> {
  const { file, remove } = await writeKubeconfig(port, token);
  const opened = await openCluster({ kubeconfig: file, context: null }, { log: SILENT, env: {} });
  if (!('cluster' in opened)) throw new Error(opened.message);
  const { cluster } = opened;
  return {
    cluster,
    close: async () => {
      await cluster.close();
      await remove();
    },
  };
}

export async function writeKubeconfig(
  port: number,
  token: string,
): Promise<{ readonly file: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ingress-cluster-'));
  const file = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}
