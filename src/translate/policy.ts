// What all routes of an Ingress have in common: its annotations over the defaults of the ConfigMap.

import type { Timeouts } from '../model/model.ts';
import type { Profile, Settings } from '../model/settings.ts';
import type { RewriteTarget } from '../options/grammar/rewrite-target.ts';
import type { ServiceWithPort } from '../options/grammar/service-port.ts';
import type { AnnotationValues } from '../options/registry.ts';
import { type AffinityWish, affinityWish } from './affinity.ts';
import { type BackendWish, backendWish } from './balancing.ts';
import { type UpstreamWish, upstreamWish } from './upstream-wish.ts';

export interface Policy {
  /** For hosts with TLS. */
  readonly sslRedirect: boolean;
  readonly forceSslRedirect: boolean;
  readonly timeouts: Timeouts;
  readonly nextUpstreamTries: number;
  readonly nextUpstreamTimeout: number;
  /** How Services are balanced. */
  readonly backend: BackendWish;
  readonly affinity: AffinityWish | null;
  readonly failover: ServiceWithPort | null;
  /** Without what the upstream's own objects say (`upstreams.ts`), and without measuring (`measured.ts`). */
  readonly profile: Profile;
  /** null: plain HTTP, and nothing that has to be there. */
  readonly upstream: UpstreamWish | null;
  readonly useRegex: boolean;
  readonly rewriteTarget: RewriteTarget | null;
  readonly forwardedPrefix: RewriteTarget | null;
  readonly appRoot: string | null;
}

export function policyOf(values: AnnotationValues, settings: Settings): Policy {
  const { defaults } = settings;
  return {
    sslRedirect: values.sslRedirect ?? defaults.sslRedirect,
    forceSslRedirect: values.forceSslRedirect ?? defaults.forceSslRedirect,
    timeouts: {
      connect: values.connectTimeout ?? settings.proxyConnectTimeout,
      send: values.sendTimeout ?? settings.proxySendTimeout,
      read: values.readTimeout ?? settings.proxyReadTimeout,
    },
    nextUpstreamTries: values.nextUpstreamTries ?? defaults.nextUpstreamTries,
    nextUpstreamTimeout: values.nextUpstreamTimeout ?? defaults.nextUpstreamTimeout,
    backend: backendWish(values, defaults),
    affinity: affinityWish(values),
    failover: values.failoverService ?? null,
    profile: profileOf(values, defaults.profile),
    upstream: upstreamWish(values),
    useRegex: values.useRegex ?? false,
    rewriteTarget: values.rewriteTarget ?? null,
    forwardedPrefix: values.forwardedPrefix ?? null,
    appRoot: values.appRoot ?? null,
  };
}

function profileOf(values: AnnotationValues, base: Profile): Profile {
  const profile: Profile = {
    bodySize: values.bodySize ?? base.bodySize,
    requestBuffering: values.requestBuffering ?? base.requestBuffering,
    buffering: values.buffering ?? base.buffering,
    bufferSize: values.bufferSize ?? base.bufferSize,
    buffersNumber: values.buffersNumber ?? base.buffersNumber,
    nextUpstream: values.nextUpstream ?? base.nextUpstream,
    ...(values.httpVersion === '1.0' ? { httpVersion: '1.0' } : {}),
  };
  // Most Ingresses change nothing: one object for all of them.
  return (Object.keys(profile) as (keyof Profile)[]).every((field) => profile[field] === base[field])
    ? base
    : profile;
}
