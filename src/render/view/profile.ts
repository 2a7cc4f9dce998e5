// A profile as directives.

import type { Profile } from '../../model/settings.ts';

export interface ProfileView extends Profile {
  /** proxy_busy_buffers_size: nginx wants it to leave one buffer free. */
  readonly busySize: number;
  readonly measures: boolean;
}

export function profileView(profile: Profile): ProfileView {
  const buffersNumber = Math.max(2, profile.buffersNumber);
  return {
    ...profile,
    buffersNumber,
    busySize: profile.bufferSize * (buffersNumber > 2 ? 2 : 1),
    measures: profile.measured === true,
  };
}

/** A profile with marks at what differs from what the http block says. */
export interface ProfileDifference extends ProfileView {
  readonly body: boolean;
  readonly request: boolean;
  readonly response: boolean;
  readonly buffers: boolean;
  readonly next: boolean;
}

export function profileDifference(profile: Profile, standard: Profile): ProfileDifference {
  return {
    ...profileView(profile),
    body: profile.bodySize !== standard.bodySize,
    request: profile.requestBuffering !== standard.requestBuffering,
    response: profile.buffering !== standard.buffering,
    buffers: profile.bufferSize !== standard.bufferSize || profile.buffersNumber !== standard.buffersNumber,
    next: profile.nextUpstream.join(' ') !== standard.nextUpstream.join(' '),
  };
}
