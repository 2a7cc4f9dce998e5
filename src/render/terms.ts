// What the locations of a compiled host have in common, in a word: while it stays the same, nothing that a directive
// says depends on which of them nginx matched, so the balancer can put other paths in force by itself.

import type { Model, Server } from '../model/model.ts';
import { profileName, unmeasured } from './profile.ts';
import { fallbackRoute, servesPlain } from './route-key.ts';

/** null: its locations differ in their profiles, or some paths end in a 404 of nginx's own, before the balancer. */
export function compiledTerms(server: Server, model: Model): string | null {
  const fallback = fallbackRoute(server, model);
  const takesAll = server.locations.some(({ match, path }) => match === 'prefix' && path === '/');
  if (fallback === null && !takesAll) return null;
  const routes = server.locations.map(({ route }) => route);
  const all = fallback === null ? routes : [...routes, fallback];
  const [profile, ...others] = new Set(
    // Where nothing is measured yet, requests are served all the same.
    all.map((route) => profileName(unmeasured(route.profile))),
  );
  if (profile === undefined || others.length > 0) return null;
  return `${servesPlain(server) ? 'plain' : 'tls'} ${profile}`;
}
