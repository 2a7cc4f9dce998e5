// What one Event says: all diagnostics of one code about one object at one moment.

import { compareDiagnostics, type Diagnostic } from '../../../model/diagnostic.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import { readSubject, type Subject } from './subject.ts';

export interface Topic {
  /** Object and code: the same key is the same Event. */
  readonly key: string;
  readonly subject: Subject;
  readonly code: string;
  readonly type: 'Warning' | 'Normal';
  /** CamelCase of the code: `ServiceMissing`. */
  readonly reason: string;
  readonly message: string;
}

/** @param info whether remarks of severity `info` become Events (Normal) as well. */
export function readTopics(diagnostics: readonly Diagnostic[], info: boolean): ReadonlyMap<string, Topic> {
  const groups = new Map<string, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity === 'info' && !info) continue;
    const key = `${diagnostic.object} ${diagnostic.code}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [diagnostic]);
    else group.push(diagnostic);
  }
  const topics = new Map<string, Topic>();
  for (const [key, group] of groups) {
    const topic = topicOf(key, group.sort(compareDiagnostics));
    if (topic !== null) topics.set(key, topic);
  }
  return topics;
}

/**
 * The message, or a word in its place if a Secret's value is in it. Diagnostics hold none by contract; an Event is
 * read by more people than a log, so it is looked for here as well.
 */
export function withoutSecrets(message: string, snapshot: Snapshot): string {
  for (const { data } of snapshot.secrets.values()) {
    for (const value of Object.values(data)) {
      if (value.length < SHORTEST_SECRET) continue;
      // As it would stand in a quoted text, which is cut.
      const written = JSON.stringify(value.slice(0, LONGEST_LOOK)).slice(1, -1);
      if (message.includes(written) || message.includes(value)) return WITHHELD;
    }
  }
  return message;
}

const SHORTEST_SECRET = 8;
const LONGEST_LOOK = 32;
const WITHHELD = 'The text is withheld, as it holds a value of a Secret; see the /state of the controller.';

function topicOf(key: string, group: readonly Diagnostic[]): Topic | null {
  const [first] = group;
  const subject = first === undefined ? null : readSubject(first.object);
  if (first === undefined || subject === null) return null;
  const more = group.length === 1 ? '' : ` (and ${group.length - 1} more of this kind)`;
  const place = first.field === '' ? '' : `${first.field}: `;
  const hint = first.hint === '' ? '' : ` — ${first.hint}`;
  return {
    key,
    subject,
    code: first.code,
    type: group.some(({ severity }) => severity !== 'info') ? 'Warning' : 'Normal',
    reason: first.code.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    message: `${cut(`${place}${first.message}${hint}`, LONGEST_MESSAGE - more.length)}${more}`,
  };
}

/** Bytes; the API's own limit for a note is 1024. */
const LONGEST_MESSAGE = 1000;

function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const kept = Buffer.from(text)
    .subarray(0, bytes - 3)
    .toString('utf8');
  return `${kept.replace(/\uFFFD+$/, '')}…`;
}
