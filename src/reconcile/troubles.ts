// What is wrong now between us and nginx, by what it is about: each step replaces what it said before, so nothing
// outlives its cause.

import type { Diagnostic } from '../model/diagnostic.ts';

export type About = 'pass' | 'start' | 'templates' | 'publish' | 'compile';

export interface Troubles {
  /** Replaces what was said about it. */
  say(about: About, diagnostics: readonly Diagnostic[]): void;
  /** Of a host that nginx refused; stays while the host is interpreted for it. */
  sayOf(host: string, diagnostic: Diagnostic): void;
  keepHosts(hosts: ReadonlySet<string>): void;
  /** The same list as long as nothing is said anew. */
  all(): readonly Diagnostic[];
}

export function createTroubles(log: { warn(fields: object, message: string): void }): Troubles {
  const said = new Map<About, readonly Diagnostic[]>();
  const ofHosts = new Map<string, Diagnostic>();
  let all: readonly Diagnostic[] | null = [];
  const tell = (diagnostic: Diagnostic) => log.warn({ diagnostic }, diagnostic.message);
  return {
    say(about, diagnostics) {
      if (diagnostics.length > 0 || (said.get(about)?.length ?? 0) > 0) all = null;
      said.set(about, diagnostics);
      diagnostics.forEach(tell);
    },
    sayOf(host, diagnostic) {
      all = null;
      ofHosts.set(host, diagnostic);
      tell(diagnostic);
    },
    keepHosts(hosts) {
      for (const host of ofHosts.keys()) if (!hosts.has(host) && ofHosts.delete(host)) all = null;
    },
    all() {
      all ??= [...[...said.values()].flat(), ...ofHosts.values()];
      return all;
    },
  };
}
