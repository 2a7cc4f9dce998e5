// Which backends have to be told how each request ended: that costs a phase at the end, which other routes do not have.

import type { Balancing } from '../model/balancing.ts';
import type { Profile } from '../model/settings.ts';

export function isMeasured({ algorithm, passive }: Balancing): boolean {
  return algorithm === 'ewma' || algorithm === 'least_conn' || passive !== null;
}

/** The same profile with the measuring, one object for one. */
export function withMeasuring(profile: Profile): Profile {
  const known = measuredOf.get(profile);
  if (known !== undefined) return known;
  const measured: Profile = { ...profile, measured: true };
  measuredOf.set(profile, measured);
  return measured;
}

const measuredOf = new WeakMap<Profile, Profile>();
