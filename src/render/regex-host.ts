// What documents say of hosts whose paths are regular expressions. Such a host is never compiled: nginx and ngx_lua
// may be built with different PCREs (Debian's are PCRE2 and PCRE1), so the same pattern could match one way in a
// compiled location and another way in the interpreter; and a pattern is tenants' text, which is never
// configuration. For the second reason neither is a host with an app-root, which only Lua answers.

import type { HostBody, RewriteBody } from '../model/document.ts';
import type { Model, Rewrite, RouteId, Server } from '../model/model.ts';
import { mapChanges } from '../model/patched-map.ts';

export function needsInterpreter(server: Server): boolean {
  return server.appRoot !== undefined || server.locations[0]?.match === 'regex';
}

/** In the order of the model, which is that in which they are asked. */
export function regexBody(server: Server, keys: ReadonlyMap<RouteId, string>): Pick<HostBody, 'regex'> {
  const locations = server.locations.filter(({ match }) => match === 'regex');
  if (locations.length === 0) return {};
  return {
    regex: locations.map(({ path, literal, route }) => ({
      literal: literal?.text ?? '',
      ...(literal?.whole === true ? {} : { pattern: path }),
      route: keys.get(route.id) ?? '',
    })),
  };
}

export function rewriteBody({ pattern, target, forwardedPrefix }: Rewrite): RewriteBody {
  return { pattern, target, ...(forwardedPrefix === null ? {} : { forwardedPrefix }) };
}

/**
 * How many compiled patterns a worker keeps (`lua_regex_cache_max_entries`): past that each match compiles its
 * pattern anew. Patterns come and go with pushes, and old ones leave only with their worker: so there is room for
 * four times what there is, and in powers of two, because another number is a reload.
 */
export function regexCacheEntries({ servers }: Pick<Model, 'servers'>): number {
  const known = remembered.get(servers);
  if (known !== undefined) return known;
  let patterns = 0;
  for (const server of servers.values()) patterns += patternsOf(server);
  return remember(servers, patterns);
}

/**
 * To be called with every model before that: between two calls it counts only what moved, and the number is known
 * from then on.
 */
export function createPatternCount(): (model: Pick<Model, 'servers'>) => void {
  let seen: Model['servers'] = new Map();
  let patterns = 0;
  return ({ servers }) => {
    for (const { before, after } of mapChanges(seen, servers))
      patterns += patternsOf(after) - patternsOf(before);
    seen = servers;
    remember(servers, patterns);
  };
}

function patternsOf(server: Server | undefined): number {
  let patterns = 0;
  for (const { match, literal, route } of server?.locations ?? []) {
    patterns += Number(match === 'regex' && literal?.whole !== true) + Number(route.rewrite !== undefined);
    for (const { headerPattern } of route.canaries) patterns += Number(headerPattern !== null);
  }
  return patterns;
}

function remember(servers: Model['servers'], patterns: number): number {
  const entries = 2 ** Math.ceil(Math.log2(Math.max(LEAST_ENTRIES, 4 * patterns)));
  remembered.set(servers, entries);
  return entries;
}

const LEAST_ENTRIES = 16_384;
const remembered = new WeakMap<Model['servers'], number>();
