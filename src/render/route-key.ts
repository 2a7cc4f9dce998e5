// Keys of routes: `routeId@digest of what a compiled location was cut from`. Equal keys mean that the text in
// nginx's memory still says the right thing about position and profile; all else is in the document.

import type { Model, Route, RouteId, Server } from '../model/model.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';
import { profileName } from './profile.ts';

/** Key of each route of a server, by id, remembered by identity of the server. */
export function routeKeys(server: Server): ReadonlyMap<RouteId, string> {
  const known = remembered.get(server);
  if (known !== undefined) return known;
  const routes = new Map<RouteId, { readonly route: Route; readonly places: string[] }>();
  for (const { match, path, route } of server.locations) {
    const entry = routes.get(route.id) ?? { route, places: [] };
    entry.places.push(`${match} ${path}`);
    routes.set(route.id, entry);
  }
  // A host with a redirect loses its plain port, which is a cut like any other.
  const plain = servesPlain(server);
  // So does one that has to redirect requests for its root.
  const root = server.appRoot === undefined ? {} : { appRoot: true };
  const keys = new Map<RouteId, string>();
  for (const [id, { route, places }] of routes) {
    keys.set(id, keyOf(route, { host: server.host, plain, ...root, places: places.sort() }));
  }
  remembered.set(server, keys);
  return keys;
}

const remembered = new WeakMap<Server, ReadonlyMap<RouteId, string>>();

export function defaultRouteKey(route: Route): string {
  return keyOf(route, { default: true });
}

/** The route of what no location of a host takes; null: 404. A prefix `/` takes everything. */
export function fallbackRoute(server: Server, model: Model): Route | null {
  const takesAll = server.locations.some(({ match, path }) => match === 'prefix' && path === '/');
  return takesAll ? null : model.defaultRoute;
}

/** Nothing on the plain port is a redirect, which a compiled location cannot answer. */
export function servesPlain(server: Server): boolean {
  return !server.locations.some((location) => location.route.sslRedirect);
}

/** The id of the route that a key belongs to. */
export function routeIdOf(key: string): RouteId {
  return key.slice(0, key.lastIndexOf('@'));
}

function keyOf(route: Route, cut: object): string {
  return `${route.id}@${digest(canonicalJson({ ...cut, profile: profileName(route.profile) })).slice(0, 12)}`;
}
