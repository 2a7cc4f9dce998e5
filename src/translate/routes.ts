// One route: what a rule of an Ingress does with a request.

import { createHash } from 'node:crypto';
import type { Affinity } from '../model/balancing.ts';
import type { BackendId, Canary, Route, RouteId } from '../model/model.ts';
import type { PlacedRule } from './locations.ts';
import { withMeasuring } from './measured.ts';
import type { RewriteReading } from './rewrites.ts';
import type { UpstreamReading } from './upstreams.ts';

const LONGEST_ID = 200;

export function routeOf(
  host: string,
  { claim, rule }: PlacedRule,
  found: {
    readonly backend: BackendId;
    readonly canaries: readonly Canary[];
    readonly failover: BackendId | null;
    readonly affinity: Affinity | null;
    /** One of these backends is. */
    readonly measured: boolean;
    readonly tls: boolean;
    readonly rewrite: RewriteReading;
    readonly upstream: UpstreamReading;
  },
): Route {
  const { ingress, object, policy, denied } = claim.source;
  return {
    id: routeId(`${ingress.metadata.namespace}/${ingress.metadata.name}/${host}/${rule.kind}${rule.path}`),
    object,
    backend: found.backend,
    canaries: found.canaries,
    sslRedirect: (found.tls && policy.sslRedirect) || policy.forceSslRedirect,
    denied: denied ?? found.rewrite.denied ?? found.upstream.denied,
    ...(found.rewrite.rewrite === null ? {} : { rewrite: found.rewrite.rewrite }),
    timeouts: policy.timeouts,
    nextUpstreamTries: policy.nextUpstreamTries,
    nextUpstreamTimeout: policy.nextUpstreamTimeout,
    failover: found.failover,
    affinity: found.affinity,
    profile: found.measured ? withMeasuring(found.upstream.profile) : found.upstream.profile,
  };
}

/** Namespace, name and host hold no slash, so the parts cannot be confused; a digest has none, so it cannot either. */
function routeId(text: string): RouteId {
  // No UTF-16 unit takes more than three bytes.
  if (text.length * 3 <= LONGEST_ID || Buffer.byteLength(text) <= LONGEST_ID) return text;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
