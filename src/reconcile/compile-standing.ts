// How each host stands towards being compiled, kept from one look to the next: a look costs what moved since the last.

import type { Model, Server } from '../model/model.ts';
import { mapChanges } from '../model/patched-map.ts';

export interface StandingOptions {
  /** `never`: all that can be is interpreted. `at-once`: no quiet time and no interval, from the first files on. */
  readonly mode: 'never' | 'at-once' | 'calm';
  /** How many hosts may be compiled. */
  readonly maximum: number;
  /** Milliseconds without a change before a host is compiled. */
  readonly quiet: number;
  /** Why a host is always interpreted, in a sentence; null when it may be compiled. */
  readonly obstacle: (server: Server) => string | null;
}

/** Why a host is interpreted. `next`: it is one of those that the next compile takes; `start`: the one after the first. */
export type Waiting =
  | { readonly for: 'never' | 'quiet' | 'maximum' | 'next' | 'start' }
  | { readonly for: 'failed' | 'nothing'; readonly reason: string };

export interface Standings {
  /** The hosts that should be compiled, given those that are: the same set as long as it is. */
  targets(servers: Model['servers'], compiled: ReadonlySet<string>, time: number): ReadonlySet<string>;
  exclude(host: string, reason: string): void;
  waitingFor(host: string): Waiting | null;
  failed(): ReadonlySet<string>;
  /** When the next hosts will have been quiet for long enough; null: none waits for that. */
  quietAt(): number | null;
}

interface Entry {
  readonly server: Server;
  readonly changedAt: number;
  readonly obstacle: string | null;
  readonly refusal: string | null;
}

export function createStandings(options: StandingOptions): Standings {
  const { mode, maximum } = options;
  const entries = new Map<string, Entry>();
  const kept = new Set<string>();
  const candidates = new Set<string>();
  /** Host → when it will have been quiet for long enough. */
  const restless = new Map<string, number>();
  let failed: ReadonlySet<string> = new Set();
  const excluded = new Set<string>();
  let seen: Model['servers'] | null = null;
  let compiled: ReadonlySet<string> = new Set();
  let chosen: ReadonlySet<string> = new Set();
  let nextQuietAt: number | null = null;

  return {
    targets(servers, now, time) {
      const hosts = new Set([...excluded, ...arrivals(servers, now, time)]);
      if (compiled !== now) {
        for (const host of now) if (!compiled.has(host)) hosts.add(host);
        for (const host of compiled) if (!now.has(host)) hosts.add(host);
      }
      if (nextQuietAt !== null && time >= nextQuietAt)
        for (const [host, at] of restless) if (time >= at) hosts.add(host);
      compiled = now;
      excluded.clear();
      if (hosts.size === 0) return chosen;
      for (const host of hosts) place(host, time);
      nextQuietAt = nextGroupAt();
      chosen = choose();
      return chosen;
    },
    exclude(host, reason) {
      const entry = entries.get(host);
      if (entry === undefined) return;
      entries.set(host, { ...entry, refusal: reason });
      excluded.add(host);
    },
    waitingFor(host) {
      const entry = entries.get(host);
      if (entry === undefined) return null;
      if (entry.obstacle !== null) return { for: 'nothing', reason: entry.obstacle };
      if (mode === 'never') return { for: 'never' };
      if (failed.has(host)) return { for: 'failed', reason: entry.refusal ?? '' };
      if (restless.has(host)) return { for: 'quiet' };
      if (!chosen.has(host)) return { for: 'maximum' };
      return compiled.has(host) ? null : { for: 'next' };
    },
    failed: () => failed,
    quietAt: () => nextQuietAt,
  };

  /** Takes note of the servers that are others now. */
  function* arrivals(servers: Model['servers'], now: ReadonlySet<string>, time: number): Iterable<string> {
    const started = seen !== null;
    for (const { key: host, after: server } of mapChanges(seen ?? new Map(), servers)) {
      if (server === undefined) entries.delete(host);
      else {
        // At a start with no host in the files all of the first view are taken together; a start beside files that
        // have some keeps them, and whatever they lack has to be quiet first, like any other new host.
        const quietFromStart = !started && (now.size === 0 || now.has(host));
        const changedAt = quietFromStart ? Number.NEGATIVE_INFINITY : time;
        entries.set(host, { server, changedAt, obstacle: options.obstacle(server), refusal: null });
      }
      yield host;
    }
    seen = servers;
  }

  function place(host: string, time: number): void {
    kept.delete(host);
    candidates.delete(host);
    restless.delete(host);
    const entry = entries.get(host);
    const isRefused = entry !== undefined && entry.refusal !== null && mode !== 'never';
    if (isRefused !== failed.has(host))
      failed = isRefused
        ? new Set([...failed, host])
        : new Set([...failed].filter((other) => other !== host));
    if (entry === undefined || entry.obstacle !== null || mode === 'never' || isRefused) return;
    if (compiled.has(host)) kept.add(host);
    else if (mode === 'at-once' || time - entry.changedAt >= options.quiet) candidates.add(host);
    else restless.set(host, entry.changedAt + options.quiet);
  }

  /** The first to be quiet waits for those that are so right after it: a burst of changes is one compile. */
  function nextGroupAt(): number | null {
    let first = Number.POSITIVE_INFINITY;
    for (const at of restless.values()) first = Math.min(first, at);
    let last = first;
    for (const at of restless.values()) if (at <= first + options.quiet / 10) last = Math.max(last, at);
    return Number.isFinite(last) ? last : null;
  }

  /** What is compiled stays first; of others, and under a lowered maximum, the first by name. */
  function choose(): ReadonlySet<string> {
    const room = Math.max(0, maximum - kept.size);
    const next = [...kept].sort().slice(0, maximum);
    if (room > 0) next.push(...[...candidates].sort().slice(0, room));
    const same = next.length === chosen.size && next.every((host) => chosen.has(host));
    return same ? chosen : new Set(next);
  }
}
