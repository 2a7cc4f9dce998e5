// What `--default-backend-service` makes: the route for requests that no location matches.

import { isMeasured } from '../model/balancing.ts';
import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { Service } from '../model/kubernetes.ts';
import type { Route } from '../model/model.ts';
import type { ConfigMapReading } from '../options/configmap/parse.ts';
import { withMeasuring } from './measured.ts';
import { policyOf } from './policy.ts';
import { type BackendReference, isPort, referenceOf } from './ports.ts';

export interface DefaultRoute {
  readonly route: Route | null;
  readonly reference: BackendReference | null;
  readonly diagnostics: readonly Diagnostic[];
}

const OBJECT = 'Flag/--default-backend-service';

/**
 * The Service's first TCP port, as ingress-nginx; without the Service, nginx's own 404 answers.
 *
 * @param key `namespace/name` of the Service, or `''`.
 */
export function readDefaultRoute(
  key: string,
  service: Service | undefined,
  config: ConfigMapReading,
): DefaultRoute {
  if (key === '') return { route: null, reference: null, diagnostics: [] };
  const port = service?.ports.find((item) => item.protocol === 'TCP' && isPort(item.port))?.port;
  if (port === undefined) {
    const missing: Diagnostic = {
      code: service === undefined ? 'service-missing' : 'port-missing',
      severity: 'error',
      object: OBJECT,
      field: '',
      message: `there is no Service ${quoteText(key)} with a TCP port; what no rule matches is answered with 404`,
      hint: 'Create it, or correct the flag.',
    };
    return { route: null, reference: null, diagnostics: [missing] };
  }
  const policy = policyOf({}, config.settings);
  const reference = referenceOf(`${key}/${port}`, key, port, policy.backend);
  const route: Route = {
    // Ids of other routes hold slashes or are digests.
    id: 'default-backend',
    object: OBJECT,
    backend: reference.id,
    canaries: [],
    sslRedirect: policy.forceSslRedirect,
    denied: config.denied,
    timeouts: policy.timeouts,
    nextUpstreamTries: policy.nextUpstreamTries,
    nextUpstreamTimeout: policy.nextUpstreamTimeout,
    failover: null,
    affinity: null,
    profile: isMeasured(reference.balancing) ? withMeasuring(policy.profile) : policy.profile,
  };
  return { route, reference, diagnostics: [] };
}
