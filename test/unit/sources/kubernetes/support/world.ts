// A scripted API server, a cluster that talks to it, short times, and an end for all of it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Cluster,
  type ClusterParts,
  openCluster,
} from '../../../../../src/sources/kubernetes/cluster.ts';
import { TIMING, type Timing } from '../../../../../src/sources/kubernetes/timing.ts';
import { type ApiServer, createApiServer } from './api-server.ts';

export const SHORT: Timing = {
  ...TIMING,
  firstPause: 10,
  longestPause: 80,
  longestPauseUnreachable: 40,
  healthyAfter: 200,
  watchIdle: 400,
  headersTimeout: 300,
  bodyTimeout: 300,
  hold: 300,
  secretPatience: 300,
};

export interface World {
  readonly api: ApiServer;
  readonly cluster: Cluster;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Sentences that were logged at warn or above. */
  readonly warnings: string[];
  readonly log: ClusterParts['log'] & { error(...words: readonly unknown[]): void };
  end(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const api = await createApiServer();
  const folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  const file = join(folder, 'kubeconfig');
  await writeFile(file, kubeconfig({ server: api.url }));
  const warnings: string[] = [];
  const said = (...words: readonly unknown[]): void => void warnings.push(String(words.at(-1)));
  const log = { debug: () => undefined, info: () => undefined, warn: said, error: said };
  const opened = await openCluster({ kubeconfig: file, context: null }, { log, env: {} });
  if (!('cluster' in opened)) throw new Error(opened.message);
  const ending = new AbortController();
  return {
    api,
    cluster: opened.cluster,
    folder,
    signal: ending.signal,
    warnings,
    log,
    async end() {
      ending.abort();
      await opened.cluster.close();
      await api.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** As JSON, which is YAML. */
export function kubeconfig(parts: {
  readonly server: string;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly namespace?: string;
}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: parts.namespace } }],
    clusters: [{ name: 'c', cluster: { server: parts.server, ...parts.cluster } }],
    users: [{ name: 'u', user: parts.user ?? {} }],
  });
}

/** @param within milliseconds. */
export async function until(what: string, holds: () => boolean, within = 4_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
