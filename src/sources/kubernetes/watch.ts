// One watch, from its request to its end: events go out as they come, and what its end means is told. Never throws.

import type { Cluster } from './cluster.ts';
import { type Failure, isExpired, refusal, streamFailure, unreachable } from './failure.ts';
import type { Resource } from './resource.ts';
import { pathOf } from './resource.ts';
import { isRecord, readVersion } from './standing.ts';
import type { Timing } from './timing.ts';

export interface WatchParts {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly timing: Timing;
  readonly random: () => number;
  /** Ends the watch; the world's own end or because something else is due. */
  readonly signal: AbortSignal;
  /** Events after this version. */
  readonly version: string;
  readonly onOpen: () => void;
  /** False: it cannot be used, and the stream is not to be believed any more. */
  readonly onEvent: (event: WatchEvent) => boolean;
  /** Each sign of life, after it was worked off, with the version to resume from. */
  readonly onVersion: (version: string) => void;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Readonly<Record<string, unknown>>;
}

export type WatchEnd =
  /** Go on from the last version. `reason` for metrics. */
  | { readonly next: 'resume'; readonly reason: string; readonly failure: Failure | null }
  /** Something may have been missed. */
  | { readonly next: 'list'; readonly reason: string; readonly failure: Failure };

export async function watchOnce(parts: WatchParts): Promise<WatchEnd> {
  const { cluster, resource, timing, signal } = parts;
  const [shortest, longest] = timing.watchLifetime;
  const lifetime = shortest + parts.random() * (longest - shortest);
  const answer = await cluster.request({
    method: 'GET',
    path: pathOf(resource, {
      watch: 'true',
      resourceVersion: parts.version,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.max(1, Math.round(lifetime / 1000))),
    }),
    signal,
    headersTimeout: timing.headersTimeout,
    bodyTimeout: timing.watchIdle,
  });
  if (answer.outcome === 'unreachable') {
    return { next: 'resume', reason: 'unreachable', failure: unreachable(answer) };
  }
  if (answer.status !== 200) return refused(await refusal(answer, `watch ${resource.label}`));

  parts.onOpen();
  const lines = answer.lines();
  for (;;) {
    const line = await lines.next();
    if (line.done) {
      const { reason, message } = line.value;
      // Half a line at the end was never applied; the same event comes again after the last version.
      if (reason === 'too-long') return damage(message, resource);
      const isOrderly = reason === 'ended' || reason === 'aborted';
      return { next: 'resume', reason, failure: isOrderly ? null : unreachable({ message }) };
    }
    if (signal.aborted) continue;
    const end = takeLine(line.value, parts);
    if (end === null) continue;
    await lines.return({ reason: 'aborted', message: '', partial: false });
    return end;
  }
}

/** @returns null: go on. */
function takeLine(line: string, { resource, onEvent, onVersion }: WatchParts): WatchEnd | null {
  if (line.trim() === '') return null;
  const event = parseLine(line);
  if (event === null) return damage('a line of the watch is no event', resource);
  const { type, object } = event;
  if (type === 'ERROR') {
    const failure = streamFailure(object, `go on watching ${resource.label}`);
    return { next: 'list', reason: isExpired(failure) ? 'expired' : 'error', failure };
  }
  const version = readVersion(object);
  if (version === null) return damage('an event of the watch has no version', resource);
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
    if (!onEvent({ type, object })) return damage('an event of the watch has no name', resource);
  } else if (type !== 'BOOKMARK') {
    return damage('the watch sent an event of an unknown type', resource);
  }
  onVersion(version);
  return null;
}

/** The version stays good unless the answer is about the version. */
function refused(failure: Failure): WatchEnd {
  if (isExpired(failure)) return { next: 'list', reason: 'expired', failure };
  const isAboutVersion =
    failure.status === 400 || failure.status === 422 || /resource version/i.test(failure.message);
  return isAboutVersion
    ? { next: 'list', reason: 'version', failure }
    : { next: 'resume', reason: `status-${failure.status ?? 0}`, failure };
}

function damage(what: string, { label }: Resource): WatchEnd {
  const message = `${what} (${label}); listing anew`;
  return { next: 'list', reason: 'damaged', failure: { status: 200, reason: '', message, retryAfter: null } };
}

function parseLine(
  line: string,
): { readonly type: string; readonly object: Readonly<Record<string, unknown>> } | null {
  try {
    const event: unknown = JSON.parse(line);
    if (!isRecord(event) || typeof event.type !== 'string' || !isRecord(event.object)) return null;
    return { type: event.type, object: event.object };
  } catch {
    return null;
  }
}
