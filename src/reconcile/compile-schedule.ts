// Which hosts may have a `server` of their own, and when a compile may start. A host is compiled after it has been
// quiet for a while, so that a burst of changes costs one reload and not many; what is compiled already stays, so that
// one host more does not push out another. Each reload leaves a generation of workers that drain for as long as their
// connections live, so a compile waits while two of them do. The clock is a parameter: milliseconds, monotonic.

import type { Model } from '../model/model.ts';
import type { Compile } from '../model/plan.ts';
import { createCompileGate, type Held } from './compile-gate.ts';
import { createStandings, type StandingOptions, type Waiting } from './compile-standing.ts';

export interface CompileScheduleOptions extends StandingOptions {
  /** Least milliseconds between the end of a compile and the start of the next calm one. */
  readonly interval: number;
  readonly now: () => number;
}

export interface CompileSchedule {
  /**
   * The hosts that should be compiled now, given those that are; null: nginx is still to start, with the first files.
   * Then none is: it starts soonest so, and serves everybody from documents. Remembers when each host last changed; gives the
   * same set as long as it is.
   */
  targets(model: Model, compiled: ReadonlySet<string> | null): ReadonlySet<string>;
  /** May a compile start, while so many earlier reloads still have workers that drain? */
  mayStart(when: Compile['when'], draining: number): boolean;
  /** What the last compile that was asked for is held back by; null: nothing. */
  held(): Held | null;
  /**
   * To be called at the end of each compile that replaced workers, be it for a moment; of how long it took, from
   * staging to proof.
   */
  finished(durationMs: number): void;
  /** nginx was started with files that were written while none ran. */
  begun(): void;
  /** The host's text did not pass `nginx -t`: it is interpreted until it changes. */
  exclude(host: string, reason: string): void;
  /** Why a host that is interpreted is; null for one that is compiled, or unknown. */
  waitingFor(host: string): Waiting | null;
  /** Hosts that are interpreted because nginx refused their text. */
  failed(): ReadonlySet<string>;
  /** Milliseconds until `targets` or `mayStart` may answer otherwise; null: not before the next change. */
  wakeIn(): number | null;
}

export function createCompileSchedule(options: CompileScheduleOptions): CompileSchedule {
  const { mode, now } = options;
  const gate = createCompileGate(options);
  const standings = createStandings(options);
  let isFirst = false;

  return {
    targets(model, compiled) {
      gate.looked(compiled?.size ?? 0);
      const targets = standings.targets(model.servers, compiled ?? NONE, now());
      isFirst = compiled === null && mode !== 'at-once';
      return isFirst ? NONE : targets;
    },
    mayStart: gate.mayStart,
    held: gate.held,
    finished: gate.finished,
    begun: gate.begun,
    exclude: (host, reason) => standings.exclude(host, reason),
    waitingFor(host) {
      const waiting = standings.waitingFor(host);
      return isFirst && waiting?.for === 'next' ? { for: 'start' } : waiting;
    },
    failed: () => standings.failed(),
    wakeIn() {
      // A moment that has passed since it was found to lie ahead counts too, or nobody would ever wake for it.
      const moments = [standings.quietAt(), gate.wakeAt()].filter((at): at is number => at !== null);
      return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - now());
    },
  };
}

const NONE: ReadonlySet<string> = new Set();
