// What documents need besides the rendered ones while nginx runs files of other paths. A compiled location names the
// key that it was cut with, so until the new cut is proven the old key stays, with the new route's values. And while
// the servers of a host are of other paths than its document, every key that they name says so (`stale`): the balancer
// then asks the router, so that a new path, above all a gated one, is in force with the push.

import type { Document, DocumentKey, RouteBody, SettingsBody } from '../model/document.ts';
import type { RouteId } from '../model/model.ts';
import { mapChanges } from '../model/patched-map.ts';
import type { Applied, AppliedFiles } from '../model/plan.ts';
import { makeDocument } from '../render/document.ts';
import { routeIdOf } from '../render/route-key.ts';
import { namesExactly, wantedKeys } from './wanted-keys.ts';

type Documents = ReadonlyMap<DocumentKey, Document>;
type Compiled = AppliedFiles['compiled'];

/** The old keys that must stay, and those that are out of date, as they are to be sent instead of the rendered ones. */
export type Retain = (applied: Applied, documents: Documents) => Documents;

/** To be called with each Applied: between two calls it looks only at hosts of which something moved. */
export function createRetention(): Retain {
  let seen: { readonly documents: Documents; readonly compiled: readonly Compiled[] } | null = null;
  const ofHosts = new Map<string, Documents>();
  let retained: Documents = new Map();

  return (applied, documents) => {
    const compiled = [applied.files, applied.compiling].map((files) => files?.compiled ?? NONE);
    const hosts = hostsToLookAt(compiled, documents);
    seen = { documents, compiled };
    if (hosts.size === 0) return retained;
    for (const host of hosts) {
      const own = retainedOf(host, compiled, documents);
      if (own.size === 0) ofHosts.delete(host);
      else ofHosts.set(host, own);
    }
    // The default route's key may be named by many.
    retained = new Map([...ofHosts.values()].flatMap((own) => [...own]));
    return retained;
  };

  function hostsToLookAt(compiled: readonly Compiled[], documents: Documents): ReadonlySet<string> {
    const all = () => new Set([...ofHosts.keys(), ...compiled.flatMap((named) => [...named.keys()])]);
    if (seen === null || !seen.compiled.every((named, index) => named === compiled[index])) return all();
    const hosts = new Set<string>();
    for (const { key } of mapChanges(seen.documents, documents)) {
      if (key.startsWith('settings:')) return all();
      const host = key.startsWith('host:') ? key.slice('host:'.length) : null;
      if (host !== null && compiled.some((named) => named.has(host))) hosts.add(host);
      // The values of routes are those of what stays of them.
      if (key.startsWith('route:')) for (const stale of ofHosts.keys()) hosts.add(stale);
    }
    return hosts;
  }
}

const NONE: Compiled = new Map();

/** Keys that live files, or those under way, name for a host whose paths are others now. */
function retainedOf(host: string, compiled: readonly Compiled[], documents: Documents): Documents {
  const wanted = wantedKeys(host, documents);
  const retained = new Map<DocumentKey, Document>();
  const settings = documents.get('settings:global')?.body as SettingsBody | undefined;
  const { defaultRoute } = settings ?? {};
  const successors = new Map<RouteId, string>();
  for (const key of [...(wanted ?? []), ...(defaultRoute === undefined ? [] : [defaultRoute])])
    successors.set(routeIdOf(key), key);
  for (const files of compiled) {
    const named = files.get(host);
    if (named === undefined || (wanted !== null && namesExactly(named, wanted))) continue;
    for (const key of named.values()) {
      const successor =
        documents.get(`route:${key}`) ?? documents.get(`route:${successors.get(routeIdOf(key)) ?? ''}`);
      if (successor === undefined) continue;
      const body: RouteBody = { ...(successor.body as RouteBody), stale: true };
      retained.set(`route:${key}`, makeDocument('route', key, body));
    }
  }
  return retained;
}
