// What /state says of each host: whether it is compiled, and what it waits for or why it will never be, in sentences.

import type { Model } from '../model/model.ts';
import type { Applied } from '../model/plan.ts';
import type { RenderedFiles } from '../model/rendered.ts';
import type { Profile } from '../model/settings.ts';
import { profileName, unlimited } from '../render/profile.ts';
import { DRAINING_MOST } from './compile-gate.ts';
import type { CompileSchedule } from './compile-schedule.ts';

export interface HostState {
  readonly host: string;
  /** `compiled`: it has a `server` of its own in the files that nginx runs; else Lua looks it up. Both serve. */
  readonly state: 'compiled' | 'interpreted';
  /** Null when there is nothing to wait for. */
  readonly waitsFor: string | null;
}

export interface HostStatesParts {
  readonly model: Model;
  readonly applied: Applied;
  /** The files as they were rendered last. */
  readonly wanted: RenderedFiles;
  readonly schedule: Pick<CompileSchedule, 'waitingFor' | 'held'>;
}

/** By host. Looked up when it is asked for, and then once. */
export function hostStates(parts: HostStatesParts): () => readonly HostState[] {
  let known: readonly HostState[] | null = null;
  return () => {
    known ??= [...parts.model.servers.keys()].sort().map((host) => stateOf(host, parts));
    return known;
  };
}

function stateOf(host: string, parts: HostStatesParts): HostState {
  const isCompiled = parts.applied.files?.compiled.has(host) ?? false;
  return {
    host,
    state: isCompiled ? 'compiled' : 'interpreted',
    waitsFor: isCompiled ? compiledWaitsFor(host, parts) : interpretedWaitsFor(host, parts),
  };
}

function compiledWaitsFor(host: string, { applied, wanted, schedule }: HostStatesParts): string | null {
  const section = `host ${host}`;
  const present = applied.files?.sections.get(section);
  if (present === wanted.sections.get(section)) return null;
  const change = wanted.sections.has(section) ? 'its new form is compiled' : 'its server leaves the files';
  if (applied.compiling !== null) return `${change} by the compile under way`;
  return `${change} with the next compile${heldBy(schedule)}`;
}

function interpretedWaitsFor(host: string, parts: HostStatesParts): string | null {
  const { applied, wanted, schedule } = parts;
  if (lacksUpstream(host, parts)) {
    const when = applied.compiling === null ? `the next compile${heldBy(schedule)}` : 'the compile under way';
    return `paths whose endpoints are spoken to as no file says yet answer 503 until ${when}`;
  }
  const waiting = schedule.waitingFor(host);
  if (waiting === null) return null;
  switch (waiting.for) {
    case 'nothing':
      return `never compiled: ${waiting.reason}`;
    case 'never':
      return 'never compiled: --compile never';
    case 'quiet':
      return 'compiled once it has been unchanged for --compile-quiet';
    case 'maximum':
      return 'compiled once another host leaves: there are as many as --compile-max-hosts allows';
    case 'failed':
      return `compiled once it changes: nginx refused its text: ${waiting.reason}`;
    case 'start':
      return 'compiled once nginx has started';
    case 'next':
      if (applied.compiling?.compiled.has(host)) return 'the compile under way';
      if (!wanted.compiled.has(host))
        return 'never compiled: what takes its other paths cannot stand in its server';
      return `the next compile${heldBy(schedule)}`;
  }
}

/** Protocols and identities are for directives to say: nothing stands in for a profile that the files lack. */
function lacksUpstream(host: string, { model, applied }: HostStatesParts): boolean {
  const live = (profile: Profile): boolean =>
    applied.files?.sections.has(`profile ${profileName(profile)}`) ?? false;
  const locations = model.servers.get(host)?.locations ?? [];
  return locations.some(
    ({ route: { profile, denied } }) =>
      denied === null && profile.upstream !== undefined && !live(profile) && !live(unlimited(profile)),
  );
}

function heldBy(schedule: Pick<CompileSchedule, 'held'>): string {
  switch (schedule.held()) {
    case 'interval':
      return ', when --compile-interval has passed since the last one, or 20 times what that took';
    case 'start':
      return ', a moment after nginx has started';
    case 'draining':
      return `, when fewer than ${DRAINING_MOST} earlier reloads have workers whose connections still live`;
    default:
      return '';
  }
}
