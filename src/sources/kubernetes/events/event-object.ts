// The core/v1 Event as it is sent. Its name comes from what it is about, so a controller that starts anew, or the
// next leader, goes on with the Event that is there instead of making a second one.

import { createHash } from 'node:crypto';
import type { CoreV1Event } from '@kubernetes/client-node';
import type { MergePatch, Sent } from '../sent.ts';
import type { Topic } from './topic.ts';

export interface EventParts {
  readonly topic: Topic;
  /** Undefined where it cannot be known; `kubectl describe` of the object does not find the Event then. */
  readonly uid: string | undefined;
  readonly message: string;
  readonly at: Date;
}

/** Where the Event lives: beside its object, and in `default` for objects without a namespace. */
export function eventPath({ topic, uid }: Pick<EventParts, 'topic' | 'uid'>): {
  readonly collection: string;
  readonly object: string;
} {
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespaceOf(topic))}/events`;
  return { collection, object: `${collection}/${encodeURIComponent(eventName(topic, uid))}` };
}

/** Body of the POST. */
export function newEvent({ topic, uid, message, at }: EventParts, count: number): Sent<CoreV1Event> {
  const { subject } = topic;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName(topic, uid), namespace: namespaceOf(topic) },
    involvedObject: {
      apiVersion: subject.apiVersion,
      kind: subject.kind,
      name: subject.name,
      ...(subject.namespace === '' ? {} : { namespace: subject.namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    type: topic.type,
    reason: topic.reason,
    message,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    firstTimestamp: toSeconds(at),
    lastTimestamp: toSeconds(at),
    count,
  };
}

/** Body of the merge PATCH. Without a count it stays as it is, and the answer tells it. */
export function repeatedEvent(
  { topic, message, at }: EventParts,
  count: number | null,
): MergePatch<CoreV1Event> {
  return {
    type: topic.type,
    message,
    lastTimestamp: toSeconds(at),
    ...(count === null ? {} : { count }),
  };
}

const COMPONENT = 'ingress-openresty';

function namespaceOf({ subject }: Topic): string {
  return subject.namespace === '' ? 'default' : subject.namespace;
}

/** A DNS subdomain of at most 253 characters, each part of which ends in a letter or a digit. */
function eventName({ key, subject }: Topic, uid: string | undefined): string {
  const digest = createHash('sha256')
    .update(`${key} ${uid ?? ''}`)
    .digest('hex')
    .slice(0, 16);
  return `${subject.name.slice(0, 253 - 17).replace(/[-.]+$/, '')}.${digest}`;
}

function toSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
