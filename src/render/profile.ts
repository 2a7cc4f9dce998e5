// Names of profiles, and which of them the interpreter needs: one named location each, so that Lua can choose
// what only a directive can say.

import type { Model } from '../model/model.ts';
import type { Profile } from '../model/settings.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';

/**
 * `p` and hex digits: name of the interpreter's named location, remembered by identity. All 32 of the digest where an
 * identity is part of it: a tenant must not find another's profile by trying.
 */
export function profileName(profile: Profile): string {
  const known = names.get(profile);
  if (known !== undefined) return known;
  const sum = digest(canonicalJson(profile));
  const name = `p${profile.upstream === undefined ? sum.slice(0, 8) : sum}`;
  names.set(profile, name);
  return name;
}

const names = new WeakMap<Profile, string>();

/** Protocols that need no compile as long as no TLS of their own is asked for. */
export const STANDING_PROTOCOLS = ['HTTPS', 'GRPC', 'GRPCS'] as const;

/** The same without a limit on bodies: Lua can stand in for the limit of a profile that no file has yet. */
export function unlimited(profile: Profile): Profile {
  if (profile.bodySize === 0) return profile;
  const known = unlimitedOf.get(profile);
  if (known !== undefined) return known;
  const without = { ...profile, bodySize: 0 };
  unlimitedOf.set(profile, without);
  return without;
}

const unlimitedOf = new WeakMap<Profile, Profile>();

/**
 * Every profile that the files carry, by name: those of routes, the default, and what is asked for most often before
 * anybody asks (the default with request buffering the other way, and for endpoints that speak HTTPS, GRPC and
 * GRPCS), each also without a limit.
 */
export function profilesOf(model: Model): ReadonlyMap<string, Profile> {
  const { settings, servers, defaultRoute } = model;
  const known = remembered.get(servers);
  if (known?.settings === settings && known.defaultRoute === defaultRoute) return known.profiles;
  const profiles = collect(model);
  remembered.set(servers, { settings, defaultRoute, profiles });
  return profiles;
}

interface Remembered extends Pick<Model, 'settings' | 'defaultRoute'> {
  readonly profiles: ReadonlyMap<string, Profile>;
}

const remembered = new WeakMap<Model['servers'], Remembered>();

function collect(model: Model): ReadonlyMap<string, Profile> {
  const all = new Map<string, Profile>();
  const add = (profile: Profile): void => {
    for (const variant of [profile, unlimited(profile)]) all.set(profileName(variant), variant);
  };
  const standard = model.settings.defaults.profile;
  add(standard);
  add({ ...standard, requestBuffering: !standard.requestBuffering });
  for (const protocol of STANDING_PROTOCOLS) add({ ...standard, upstream: { protocol, tls: null, fastcgi: null } });
  if (model.defaultRoute !== null) add(model.defaultRoute.profile);
  for (const server of model.servers.values()) {
    for (const location of server.locations) add(location.route.profile);
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}
