// What all routes of an Ingress have in common: its annotations over the defaults of the ConfigMap.

import type { Timeouts } from '../model/model.ts';
import type { Profile, Settings } from '../model/settings.ts';
import type { AnnotationValues } from '../options/registry.ts';

export interface Policy {
  /** For hosts with TLS. */
  readonly sslRedirect: boolean;
  readonly forceSslRedirect: boolean;
  readonly timeouts: Timeouts;
  readonly nextUpstreamTries: number;
  readonly nextUpstreamTimeout: number;
  readonly profile: Profile;
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
    profile: profileOf(values, defaults.profile),
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
  };
  // Most Ingresses change nothing: one object for all of them.
  return (Object.keys(profile) as (keyof Profile)[]).every((field) => profile[field] === base[field])
    ? base
    : profile;
}
