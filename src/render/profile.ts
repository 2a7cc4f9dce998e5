// Names of profiles, and which of them the interpreter needs: one named location each, so that Lua can choose
// what only a directive can say.

import { isMeasured } from '../model/balancing.ts';
import type { Model, Server } from '../model/model.ts';
import { mapChanges } from '../model/patched-map.ts';
import type { Profile, Settings } from '../model/settings.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';

/**
 * `p` and all 32 digits of the digest: name of the interpreter's named location, remembered by identity. With fewer a
 * tenant could find values whose profile has the name of another's.
 */
export function profileName(profile: Profile): string {
  const known = names.get(profile);
  if (known !== undefined) return known;
  const name = `p${digest(canonicalJson(profile))}`;
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

/** The same without the measuring: it serves what is measured as long as no file has that. */
export function unmeasured(profile: Profile): Profile {
  if (profile.measured === undefined) return profile;
  const known = unmeasuredOf.get(profile);
  if (known !== undefined) return known;
  const { measured: _, ...without } = profile;
  unmeasuredOf.set(profile, without);
  return without;
}

const unmeasuredOf = new WeakMap<Profile, Profile>();

/**
 * What the interpreter's first location says by itself: Lua checks bodies there, so that most requests go on from it. It
 * measures when the ConfigMap has all backends measured.
 */
export function standardProfile({ defaults }: Settings): Profile {
  const standard = unlimited(defaults.profile);
  return isMeasured(defaults.balancing) ? { ...standard, measured: true } : standard;
}

/**
 * Every profile that the files carry, by name: those of routes, the default, and what is asked for most often before
 * anybody asks (the default with request buffering the other way, measured, and for endpoints that speak HTTPS, GRPC and
 * GRPCS), each also without a limit, and what is measured also without that.
 */
export function profilesOf(model: Model): ReadonlyMap<string, Profile> {
  return (
    knownOf(model) ?? remember(model, allOf(model, [...model.servers.values()].flatMap(profilesOfServer)))
  );
}

/**
 * The same, for whoever asks with one model after the other: between two calls it looks only at servers that moved.
 * `profilesOf` knows it of that model from then on, and the map is the same as long as nothing in it changes.
 */
export function createProfiles(): (model: Model) => ReadonlyMap<string, Profile> {
  const used = new Map<string, { readonly profile: Profile; readonly times: number }>();
  let seen: Pick<Model, 'servers' | 'settings' | 'defaultRoute'> | null = null;
  let last: ReadonlyMap<string, Profile> = new Map();
  const count = (profile: Profile, by: 1 | -1): boolean => {
    const name = profileName(profile);
    const before = used.get(name);
    const times = (before?.times ?? 0) + by;
    if (times === 0) used.delete(name);
    else used.set(name, { profile: before?.profile ?? profile, times });
    return before === undefined || times === 0;
  };
  return (model) => {
    let moved = seen?.settings !== model.settings || seen.defaultRoute !== model.defaultRoute;
    for (const { before, after } of mapChanges(seen?.servers ?? NONE, model.servers)) {
      for (const profile of profilesOfServer(after)) if (count(profile, 1)) moved = true;
      for (const profile of profilesOfServer(before)) if (count(profile, -1)) moved = true;
    }
    seen = model;
    if (moved)
      last = allOf(
        model,
        [...used.values()].map(({ profile }) => profile),
      );
    return remember(model, last);
  };
}

function profilesOfServer(server: Server | undefined): readonly Profile[] {
  return server?.locations.map(({ route }) => route.profile) ?? [];
}

const NONE: Model['servers'] = new Map();

function knownOf({ settings, servers, defaultRoute }: Model): ReadonlyMap<string, Profile> | null {
  const known = remembered.get(servers);
  return known?.settings === settings && known.defaultRoute === defaultRoute ? known.profiles : null;
}

function remember(
  { settings, servers, defaultRoute }: Model,
  profiles: ReadonlyMap<string, Profile>,
): ReadonlyMap<string, Profile> {
  remembered.set(servers, { settings, defaultRoute, profiles });
  return profiles;
}

interface Remembered extends Pick<Model, 'settings' | 'defaultRoute'> {
  readonly profiles: ReadonlyMap<string, Profile>;
}

const remembered = new WeakMap<Model['servers'], Remembered>();

/** @param used by routes of servers. */
function allOf({ settings, defaultRoute }: Model, used: readonly Profile[]): ReadonlyMap<string, Profile> {
  const all = new Map<string, Profile>();
  const add = (profile: Profile): void => {
    // Whether it is measured can change with any push, and must not make anybody wait for a compile.
    for (const one of [profile, unmeasured(profile)])
      for (const variant of [one, unlimited(one)]) all.set(profileName(variant), variant);
  };
  // Short names can be found by trying: what everybody has goes over what one Ingress asks for.
  used.forEach(add);
  const standard = settings.defaults.profile;
  add({ ...standard, measured: true });
  add({ ...standard, requestBuffering: !standard.requestBuffering });
  for (const protocol of STANDING_PROTOCOLS)
    add({ ...standard, upstream: { protocol, tls: null, fastcgi: null }, measured: true });
  if (defaultRoute !== null) add(defaultRoute.profile);
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}
