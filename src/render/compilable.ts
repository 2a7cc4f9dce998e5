// Which hosts may have a `server` of their own. Everything else is interpreted: that is always right, compiled is
// only faster. So the grammar here is narrow, and what nginx would read differently from the router stays out.

import type { Model, Server } from '../model/model.ts';
import { isKeyText } from './helpers/key.ts';
import { isHostName, isLocationPath } from './helpers/place.ts';
import { needsInterpreter } from './regex-host.ts';

const MAX_LOCATIONS = 200;

/**
 * Host and paths are of strict grammar, and there is a port on which the interpreter need not answer: the plain
 * one if no route redirects, the TLS one if the host has a certificate.
 */
export function isCompilable(server: Server): boolean {
  return whyInterpreted(server) === null;
}

/** Why it may not, in words that an operator understands; null when it may. Remembered by identity. */
export function whyInterpreted(server: Server): string | null {
  const known = verdicts.get(server);
  if (known !== undefined) return known;
  const verdict = judge(server);
  verdicts.set(server, verdict);
  return verdict;
}

const verdicts = new WeakMap<Server, string | null>();

function judge(server: Server): string | null {
  if (server.host.startsWith('*'))
    return 'a wildcard: nginx would take several labels for the *, Ingress takes one';
  if (needsInterpreter(server))
    return 'use-regex, rewrite-target or app-root: nginx could read a pattern otherwise, and only Lua rewrites';
  if (!isHostName(server.host)) return 'its name is not of the form that is written into files';
  if (!hasOwnPort(server))
    return 'it redirects to https and has no certificate of its own, so Lua answers on both ports';
  return locationsFit(server)
    ? null
    : 'its paths are too many, or not of the form that is written into files';
}

/** `preferred` first (what is compiled stays so), then by name. */
export function chooseCompiled(model: Model, maximum: number, preferred: ReadonlySet<string>): Set<string> {
  const hosts = [...model.servers.values()].filter(isCompilable).map((server) => server.host);
  hosts.sort((a, b) => Number(preferred.has(b)) - Number(preferred.has(a)) || (a < b ? -1 : 1));
  return new Set(hosts.slice(0, Math.max(0, maximum)));
}

function hasOwnPort(server: Server): boolean {
  return server.certificate !== null || !server.locations.some((location) => location.route.sslRedirect);
}

function locationsFit(server: Server): boolean {
  if (server.locations.length > MAX_LOCATIONS) return false;
  const seen = new Set<string>();
  for (const { match, path, route } of server.locations) {
    const place = `${match} ${path}`;
    if (seen.has(place) || !isLocationPath(path) || !isKeyText(route.id)) return false;
    if (match === 'prefix' && !path.endsWith('/')) return false;
    seen.add(place);
  }
  return true;
}
