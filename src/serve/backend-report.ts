// Why an endpoint gets requests, or not: what Kubernetes says of it and what nginx has found out, in one word and one
// sentence each.

import type { Balancing } from '../model/balancing.ts';
import type { BackendHealth, EndpointHealth } from '../model/health.ts';
import type { Backend, BackendId, LeftEndpoint } from '../model/model.ts';

export interface BackendReport {
  readonly backend: BackendId;
  /** The Ingresses that balance it so: of one Service each way of balancing is a backend of its own. */
  readonly usedBy: readonly string[];
  readonly algorithm: string;
  /** What checks endpoints, in a few words; null: nothing. */
  readonly activeCheck: string | null;
  readonly passiveCheck: string | null;
  /** Too few endpoints are fit, so all of them are used. */
  readonly panic: boolean;
  readonly endpoints: readonly EndpointReport[];
  /** Why nginx could not be asked; absent: it was. */
  readonly trouble?: string;
}

export interface EndpointReport {
  /** `10.1.2.3:8080`, `[fd00::1]:8080`. */
  readonly endpoint: string;
  readonly state: EndpointHealth['state'] | LeftEndpoint['why'] | 'unknown';
  /** Whether new requests go there. */
  readonly used: boolean;
  readonly why: string;
  /** RFC 3339, of what stands against it. */
  readonly since?: string;
  readonly until?: string;
}

/**
 * @param usedBy references of Ingresses.
 * @param asked what nginx answered; a text: why it did not.
 */
export function backendReport(
  backend: Backend,
  usedBy: readonly string[],
  asked: BackendHealth | string | null,
): BackendReport {
  const health = typeof asked === 'string' ? null : asked;
  const known = new Map(health?.endpoints.map((endpoint) => [nameOf(endpoint), endpoint]));
  const inside = backend.endpoints.map((endpoint) => {
    const name = nameOf(endpoint);
    const found = known.get(name);
    return found === undefined ? unknown(name, asked) : insideReport(name, found, health?.panic ?? false);
  });
  return {
    backend: backend.id,
    usedBy,
    algorithm: backend.balancing.algorithm,
    activeCheck: activeCheckOf(backend.balancing),
    passiveCheck: passiveCheckOf(backend.balancing),
    panic: health?.panic ?? false,
    endpoints: [...inside, ...backend.left.map(leftReport)],
    ...(typeof asked === 'string' ? { trouble: asked } : {}),
  };
}

function activeCheckOf({ check }: Balancing): string | null {
  if (check === null) return null;
  const { type, path, interval, timeout, fall, rise } = check;
  const what = type === 'http' || type === 'https' ? `${type} ${path}` : type;
  return `${what} each ${interval} s, ${timeout} s for the answer, out after ${fall} failures, in after ${rise} successes`;
}

function passiveCheckOf({ passive }: Balancing): string | null {
  if (passive === null) return null;
  const { maxFails, failTimeout, maxEjected } = passive;
  return `out for ${failTimeout} s after ${maxFails} failures within ${failTimeout} s, ${maxEjected} % at the most`;
}

function nameOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function unknown(endpoint: string, asked: BackendHealth | string | null): EndpointReport {
  const why =
    typeof asked === 'string'
      ? 'nginx could not be asked'
      : 'nginx does not have it yet: the change is on its way';
  return { endpoint, state: 'unknown', used: false, why };
}

function insideReport(endpoint: string, found: EndpointHealth, panic: boolean): EndpointReport {
  const { state, used, since, until } = found;
  return {
    endpoint,
    state,
    used,
    why: sentence(found, panic),
    ...(since === null ? {} : { since: timeOf(since) }),
    ...(until === null ? {} : { until: timeOf(until) }),
  };
}

function sentence({ state, used, reason }: EndpointHealth, panic: boolean): string {
  const anyway = used && panic ? '; it is used all the same, because too few are fit' : '';
  switch (state) {
    case 'healthy':
      return 'its health check succeeds';
    case 'unchecked':
      return 'nothing speaks against it';
    case 'draining':
      return 'it is terminating and serves still: only sessions that are there already stay';
    case 'unhealthy':
      return `its health check fails: ${reason ?? 'no reason is known'}${anyway}`;
    case 'ejected':
      return used && !panic
        ? `requests failed: ${reason ?? 'no reason is known'}; it is used all the same, because as many as may be are ejected`
        : `requests failed: ${reason ?? 'no reason is known'}${anyway}`;
  }
}

const LEFT: Readonly<Record<LeftEndpoint['why'], string>> = {
  'not-ready': 'its EndpointSlice says that it is not ready',
  terminating: 'it is terminating and serves no longer',
  'other-zone': 'the hints of its EndpointSlice give it to another zone',
};

function leftReport(left: LeftEndpoint): EndpointReport {
  return { endpoint: nameOf(left), state: left.why, used: false, why: LEFT[left.why] };
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
