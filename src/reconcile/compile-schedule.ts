// Which hosts may have a `server` of their own, and when a calm compile may start. A host is compiled after it has
// been quiet for a while, so that a burst of changes costs one reload and not many; what is compiled already
// stays, so that one host more does not push out another. The clock is a parameter: milliseconds, monotonic.

import type { Model, Server } from '../model/model.ts';

export interface CompileScheduleOptions {
  /** `never`: all that can be is interpreted. `at-once`: no quiet time and no interval. */
  readonly mode: 'never' | 'at-once' | 'calm';
  /** How many hosts may be compiled. */
  readonly maximum: number;
  /** Milliseconds without a change before a host is compiled. */
  readonly quiet: number;
  /** Least milliseconds between the end of a compile and the start of the next calm one. */
  readonly interval: number;
  readonly isCompilable: (server: Server) => boolean;
  readonly now: () => number;
}

export interface CompileSchedule {
  /** The hosts that should be compiled now, given those that are. Remembers when each host last changed. */
  targets(model: Model, compiled: ReadonlySet<string>): ReadonlySet<string>;
  /** May a compile that nothing waits for start now? */
  isCalm(): boolean;
  /** To be called at the end of each compile that was put in force. */
  finished(durationMs: number): void;
  /** The host's text did not pass `nginx -t`: it is interpreted until it changes. */
  exclude(host: string): void;
  /** Why this host is interpreted although it could be compiled; null when it could not or is compiled. */
  waitingFor(host: string): 'quiet' | 'maximum' | 'failed' | null;
  /** Hosts that are interpreted because nginx refused their text. */
  failed(): ReadonlySet<string>;
  /** Milliseconds until `targets` or `isCalm` may answer otherwise; null: not before the next change. */
  wakeIn(): number | null;
}

interface Seen {
  readonly server: Server;
  readonly changedAt: number;
  readonly compilable: boolean;
  readonly excluded: boolean;
}

export function createCompileSchedule(options: CompileScheduleOptions): CompileSchedule {
  const { now } = options;
  let seen = new Map<string, Seen>();
  let waiting = new Map<string, 'quiet' | 'maximum' | 'failed'>();
  let started = false;
  let calmAt = Number.NEGATIVE_INFINITY;
  let nextQuietAt: number | null = null;
  let calmWaits = false;

  return {
    targets(model, compiled) {
      const time = now();
      // A start with nothing in force compiles everything at once; a start beside proven files keeps them, and
      // whatever they lack has to be quiet first, like any other new host.
      const changedAtStart = compiled.size > 0 ? time : Number.NEGATIVE_INFINITY;
      const next = new Map<string, Seen>();
      for (const [host, server] of model.servers) {
        const before = seen.get(host);
        if (before !== undefined && before.server === server) {
          next.set(host, before);
          continue;
        }
        const quietFromStart = !started && compiled.has(host);
        const changedAt = started ? time : quietFromStart ? Number.NEGATIVE_INFINITY : changedAtStart;
        next.set(host, { server, changedAt, compilable: options.isCompilable(server), excluded: false });
      }
      seen = next;
      started = true;
      // Asked for anew in each pass: a compile that nobody wants any more must not wake anybody.
      calmWaits = false;
      return choose(time, compiled);
    },
    isCalm() {
      const calm = options.mode === 'at-once' || now() >= calmAt;
      calmWaits = !calm;
      return calm;
    },
    finished(durationMs) {
      calmAt = now() + Math.max(options.interval, 20 * durationMs);
    },
    exclude(host) {
      const entry = seen.get(host);
      if (entry !== undefined) seen.set(host, { ...entry, excluded: true });
    },
    waitingFor: (host) => waiting.get(host) ?? null,
    failed: () => new Set([...waiting].filter(([, why]) => why === 'failed').map(([host]) => host)),
    wakeIn() {
      // A moment that has passed since it was found to lie ahead counts too, or nobody would ever wake for it.
      const moments = [nextQuietAt, calmWaits ? calmAt : null].filter((at): at is number => at !== null);
      return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - now());
    },
  };

  function choose(time: number, compiled: ReadonlySet<string>): ReadonlySet<string> {
    const targets = new Set<string>();
    waiting = new Map();
    nextQuietAt = null;
    if (options.mode === 'never') return targets;
    const candidates: string[] = [];
    for (const [host, entry] of seen) {
      if (!entry.compilable) continue;
      if (entry.excluded) waiting.set(host, 'failed');
      else if (compiled.has(host)) targets.add(host);
      else if (options.mode === 'at-once' || time - entry.changedAt >= options.quiet) candidates.push(host);
      else {
        const quietAt = entry.changedAt + options.quiet;
        nextQuietAt = nextQuietAt === null ? quietAt : Math.min(nextQuietAt, quietAt);
        waiting.set(host, 'quiet');
      }
    }
    for (const host of candidates.sort()) {
      if (targets.size < options.maximum) targets.add(host);
      else waiting.set(host, 'maximum');
    }
    return shrinkTo(targets, options.maximum);
  }
}

/** A lowered maximum drops the last by name. */
function shrinkTo(targets: ReadonlySet<string>, maximum: number): ReadonlySet<string> {
  return targets.size <= maximum ? targets : new Set([...targets].sort().slice(0, maximum));
}
