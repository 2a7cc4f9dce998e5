// What server.hbs is given for one compiled host, and which keys its locations name.

import type { Location, Model, Route, RouteId, Server } from '../../model/model.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import { isKeyText } from '../helpers/key.ts';
import { defaultRouteKey, fallbackRoute, routeKeys, servesPlain } from '../route-key.ts';
import { blockOf } from '../upstream-block.ts';
import { listenView } from './listen.ts';
import { type PassView, passTarget, passView } from './pass.ts';
import { type ProfileDifference, profileDifference } from './profile.ts';

export interface ServerView {
  readonly host: string;
  readonly listenPlain: readonly string[];
  readonly listenTls: readonly string[];
  readonly http2Parameter: boolean;
  readonly tls: boolean;
  readonly locations: readonly LocationView[];
  /** No location takes everything and there is no default route. */
  readonly notFound: boolean;
}

export interface LocationView {
  readonly exact: boolean;
  readonly path: string;
  readonly key: string;
  readonly shard: string;
  /** Plain HTTP: only what differs from the http block is said. */
  readonly plain: boolean;
  /** What the requests are passed to, as nginx will read it. */
  readonly target: string;
  readonly profile: ProfileDifference & PassView;
}

export function serverView(server: Server, model: Model, runtime: Runtime): ServerView {
  const { settings } = model;
  const listen = listenView(settings, runtime);
  const keys = compiledKeys(server, model);
  const fallback = fallbackRoute(server, model);
  const locations = server.locations.map((location) => locationView(location, keys, settings, runtime));
  if (fallback !== null) {
    locations.push(locationView({ match: 'prefix', path: '/', route: fallback }, keys, settings, runtime));
  }
  return {
    host: server.host,
    listenPlain: servesPlain(server) ? listen.listenPlain : [],
    listenTls: server.certificate === null ? [] : listen.listenTls,
    http2Parameter: listen.http2Parameter,
    tls: server.certificate !== null,
    locations: locations.sort(comparePlaces),
    notFound: fallback === null && !locations.some(({ exact, path }) => !exact && path === '/'),
  };
}

/** Keys of all routes that the host's locations name, the default route among them where it takes the rest. */
export function compiledKeys(server: Server, model: Model): ReadonlyMap<RouteId, string> {
  const fallback = fallbackRoute(server, model);
  if (fallback === null) return routeKeys(server);
  return new Map([...routeKeys(server), [fallback.id, defaultRouteKey(fallback)]]);
}

/** The default route may be such that a host which needs it cannot be compiled. */
export function fallbackFits(server: Server, model: Model): boolean {
  const fallback = fallbackRoute(server, model);
  return fallback === null || (isKeyText(fallback.id) && !fallback.sslRedirect);
}

function locationView(
  location: Location,
  keys: ReadonlyMap<RouteId, string>,
  settings: Settings,
  runtime: Runtime,
): LocationView {
  const { route } = location;
  const block = blockOf(route);
  return {
    exact: location.match === 'exact',
    path: location.path,
    key: keyOf(route, keys),
    shard: block,
    plain: route.profile.upstream === undefined,
    target: passTarget(route.profile, block),
    profile: {
      ...profileDifference(route.profile, settings.defaults.profile),
      ...passView(route.profile, settings, runtime, block),
    },
  };
}

function keyOf(route: Route, keys: ReadonlyMap<RouteId, string>): string {
  const key = keys.get(route.id);
  if (key === undefined) throw new TypeError(`route ${route.id} has no key`);
  return key;
}

/** By path, the exact one first: nginx itself does not mind. */
function comparePlaces(a: LocationView, b: LocationView): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return Number(b.exact) - Number(a.exact);
}
