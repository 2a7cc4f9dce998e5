// Profiles of routes whose backends have to be told how each request ended.

import type { Profile } from '../model/settings.ts';

/** The same profile with the measuring, one object for one. */
export function withMeasuring(profile: Profile): Profile {
  const known = measuredOf.get(profile);
  if (known !== undefined) return known;
  const measured: Profile = { ...profile, measured: true };
  measuredOf.set(profile, measured);
  return measured;
}

const measuredOf = new WeakMap<Profile, Profile>();
