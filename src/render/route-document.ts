// The document of a route: everything that Lua decides by.

import type { Affinity } from '../model/balancing.ts';
import type { AffinityBody, CanaryBody, Document, RouteBody, SettingsBody } from '../model/document.ts';
import type { Canary, Route } from '../model/model.ts';
import { makeDocument } from './document.ts';
import { profileName, unlimited, unmeasured } from './profile.ts';
import { rewriteBody } from './regex-host.ts';
import { blockOf } from './upstream-block.ts';

type TimeoutsBody = SettingsBody['timeouts'];
export type RouteDocuments = (route: Route, key: string, standard: TimeoutsBody) => Document;

export function createRouteDocuments(): RouteDocuments {
  const made = new WeakMap<Route, { readonly standard: string; readonly document: Document }>();
  return (route, key, timeouts) => {
    const standard = `${timeouts.connect} ${timeouts.send} ${timeouts.read}`;
    const known = made.get(route);
    if (known?.standard === standard && known.document.id === key) return known.document;
    const document = makeDocument('route', key, routeBody(route, timeouts));
    made.set(route, { standard, document });
    return document;
  };
}

function routeBody(route: Route, standard: TimeoutsBody): RouteBody {
  const { connect, send, read } = route.timeouts;
  const usual = connect === standard.connect && send === standard.send && read === standard.read;
  return {
    ingress: nameOf(route.object),
    backend: route.backend,
    ...(route.canaries.length > 0 ? { canaries: route.canaries.map(canaryBody) } : {}),
    ...(route.sslRedirect ? { sslRedirect: true } : {}),
    ...(route.denied === null ? {} : { denied: route.denied }),
    ...(route.rewrite === undefined ? {} : { rewrite: rewriteBody(route.rewrite) }),
    ...(usual ? {} : { timeouts: { connect, send, read } }),
    tries: route.nextUpstreamTries,
    ...(route.nextUpstreamTimeout > 0 ? { triesTimeout: route.nextUpstreamTimeout } : {}),
    bodySize: route.profile.bodySize,
    profile: profileName(route.profile),
    unlimitedProfile: profileName(unlimited(route.profile)),
    shard: blockOf(route),
    ...identityOf(route),
    ...(route.profile.measured
      ? { unmeasuredProfile: profileName(unmeasured(unlimited(route.profile))) }
      : {}),
    ...(route.failover === null ? {} : { failover: route.failover }),
    ...(route.affinity === null ? {} : { affinity: affinityBody(route.affinity) }),
  };
}

function identityOf({ profile: { upstream } }: Route): Pick<RouteBody, 'identity'> {
  const identity = upstream?.tls?.identity ?? null;
  return identity === null ? {} : { identity };
}

function canaryBody(canary: Canary): CanaryBody {
  return {
    backend: canary.backend,
    ...(canary.header === null ? {} : { header: canary.header }),
    ...(canary.headerValue === null ? {} : { headerValue: canary.headerValue }),
    ...(canary.headerPattern === null ? {} : { headerPattern: canary.headerPattern }),
    ...(canary.cookie === null ? {} : { cookie: canary.cookie }),
    weight: canary.weight,
    weightTotal: canary.weightTotal,
    ...(canary.bucketBy === null ? {} : { bucketBy: canary.bucketBy, salt: nameOf(canary.object) }),
    ...(canary.ramp === null ? {} : { ramp: canary.ramp }),
  };
}

function affinityBody(affinity: Affinity): AffinityBody {
  const { name, mode, path, domain, expires, maxAge, sameSite, secure } = affinity;
  return {
    name,
    mode,
    path,
    ...(domain === null ? {} : { domain }),
    ...(expires === null ? {} : { expires }),
    ...(maxAge === null ? {} : { maxAge }),
    ...(sameSite === null ? {} : { sameSite }),
    ...(secure === null ? {} : { secure }),
    ...(affinity.conditionalSameSiteNone ? { conditionalSameSiteNone: true } : {}),
    ...(affinity.changeOnFailure ? { changeOnFailure: true } : {}),
    ...(affinity.canary === 'legacy' ? { canary: 'legacy' } : {}),
  };
}

/** `namespace/name` of a reference. */
function nameOf(object: string): string {
  return object.slice(object.indexOf('/') + 1);
}
