// One Kubernetes API server as seen from here: requests out, outcomes back. Everything that talks to it, watches,
// status, events and the lease, does so through one Cluster and so through one bounded pool of connections.
//
// The transport is our own, since @kubernetes/client-node 2.0.1 opens a connection for each call, gives a list no
// deadline and reads a token file once.

import type { Logger } from 'pino';
import type { Access, Home } from './access/grant.ts';
import { inClusterAccess } from './access/in-cluster.ts';
import { kubeconfigAccess } from './access/kubeconfig.ts';
import { createAgents } from './agents.ts';
import { describeFailure } from './describe-failure.ts';
import { exchange } from './exchange.ts';
import type { ClusterOutcome, ClusterRequest } from './messages.ts';

export interface Cluster {
  /** For logs: host and port, never credentials. */
  readonly name: string;
  /** Namespace that the context or the service account names; `default` where neither does. */
  readonly namespace: string;
  /**
   * One exchange. Never throws: whatever keeps an answer from coming is `unreachable`, an answer of any status is
   * `answer`. Whoever gets an answer reads its body or calls `discard()`, or the connection stays taken. After a 401
   * the credentials are read anew and the request is repeated once.
   */
  request(request: ClusterRequest): Promise<ClusterOutcome>;
  /** Ends every exchange under way. */
  close(): Promise<void>;
}

export type { ClusterAnswer, ClusterOutcome, ClusterRequest, LinesEnd, Unreachable } from './messages.ts';

export interface ClusterOptions {
  /** A file, or `in-cluster`. */
  readonly kubeconfig: string;
  /** null: the kubeconfig's current one. */
  readonly context: string | null;
}

export interface ClusterParts {
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** Proxies, the service's address, and what exec plugins inherit; `process.env` unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folder of the service account's files, for tests. */
  readonly serviceAccount?: string;
}

/**
 * Reads the credentials once, so that mistakes are said at the start; no request is made. What they name (files,
 * plugins) is read again while the cluster is in use.
 */
export async function openCluster(
  options: ClusterOptions,
  parts: ClusterParts,
): Promise<{ readonly cluster: Cluster } | { readonly message: string; readonly hint: string }> {
  const env = parts.env ?? process.env;
  const access =
    options.kubeconfig === 'in-cluster'
      ? inClusterAccess({ env, folder: parts.serviceAccount })
      : kubeconfigAccess({
          file: options.kubeconfig,
          context: options.context,
          env,
          warn: (message) => parts.log.warn(message),
        });
  const first = await access.grant();
  if ('server' in first) {
    const { server, namespace, tls } = first;
    return { cluster: clusterOf(access, { server, namespace, insecure: tls.insecure }, parts) };
  }
  if (first.home === undefined) return first;
  // What is in force is served meanwhile, as when the API server is away.
  parts.log.warn({ hint: first.hint }, first.message);
  return { cluster: clusterOf(access, first.home, parts) };
}

function clusterOf(access: Access, home: Home, { log }: ClusterParts): Cluster {
  const agents = createAgents();
  if (home.insecure) log.warn("the API server's certificate is not verified: the kubeconfig says so");
  return {
    name: home.server.host,
    namespace: home.namespace,
    async request(request) {
      const used = { authorization: '' };
      const answer = await attempt(request, used);
      if (answer.outcome !== 'answer' || answer.status !== 401) return answer;
      await answer.discard();
      await renew(used.authorization);
      return attempt(request, used);
    },
    close: () => agents.close(),
  };

  async function attempt(request: ClusterRequest, used: { authorization: string }): Promise<ClusterOutcome> {
    const grant = await access.grant();
    if (!('server' in grant)) return { outcome: 'unreachable', message: grant.message };
    if (request.signal.aborted) return { outcome: 'unreachable', message: 'the controller is ending' };
    used.authorization = grant.headers.authorization ?? '';
    try {
      const agent = agents.agentFor(grant);
      return await exchange(agent, grant, request, () => agents.distrust(agent));
    } catch (error) {
      // A certificate or a proxy that cannot be used fails when the agent is made, before there is an exchange.
      return { outcome: 'unreachable', message: describeFailure(error, request.signal) };
    }
  }

  /** Many requests get their 401 at the same time: only what they used is forgotten, so a plugin runs once for all. */
  async function renew(refused: string): Promise<void> {
    const grant = await access.grant();
    if ('server' in grant && (grant.headers.authorization ?? '') !== refused) return;
    log.debug('the API server answered 401; reading the credentials anew');
    access.forget();
  }
}
