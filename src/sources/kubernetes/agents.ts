// The pool of connections to one API server. There is one at a time; when certificates, the proxy or the address
// change, or one falls silent, a new one takes over and the old one ends as its exchanges do (a watch within seconds).

import { Agent, type Dispatcher } from 'undici';
import type { Grant } from './access/grant.ts';
import { tunnelConnector } from './tunnel/connector.ts';

export interface Agents {
  /** @throws what Node says of certificates or proxies that cannot be used. */
  agentFor(grant: Grant): Dispatcher;
  /**
   * An exchange over it fell silent: what cut off one connection has mostly cut off those that lie idle beside it, and
   * the next request would wait in vain on one of them. So a new pool takes over.
   */
  distrust(agent: Dispatcher): void;
  close(): Promise<void>;
}

export function createAgents(): Agents {
  let current: { readonly agent: Dispatcher; readonly key: string } | null = null;
  const leaving = new Set<Dispatcher>();
  return {
    agentFor(grant) {
      const key = JSON.stringify([grant.server.origin, grant.proxy, grant.tls]);
      if (current?.key === key) return current.agent;
      const agent = createAgent(grant);
      if (current !== null) retire(current.agent);
      current = { agent, key };
      return agent;
    },
    distrust(agent) {
      if (current?.agent !== agent) return;
      current = null;
      retire(agent);
    },
    async close() {
      const all = current === null ? [...leaving] : [current.agent, ...leaving];
      current = null;
      await Promise.all(all.map((agent) => agent.destroy()));
    },
  };

  function retire(agent: Dispatcher): void {
    leaving.add(agent);
    const gone = (): boolean => leaving.delete(agent);
    agent.close().then(gone, gone);
  }
}

/** Seven watches, one connection each, and room for lists, status, events and the lease. */
const CONNECTIONS = 32;
/** Milliseconds. */
const CONNECT_WITHIN = 10_000;

function createAgent({ tls, proxy }: Grant): Dispatcher {
  const trust = {
    timeout: CONNECT_WITHIN,
    allowH2: false,
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
  };
  const pool = {
    // One connection for each watch: a stalled one then holds up nothing else.
    allowH2: false,
    connections: CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 60_000,
  };
  if (proxy === null) return new Agent({ ...pool, connect: trust });
  const { ca, insecure } = tls;
  const tunnel = { proxy: new URL(proxy), trust, ca, insecure, within: CONNECT_WITHIN };
  return new Agent({ ...pool, connect: tunnelConnector(tunnel) });
}
