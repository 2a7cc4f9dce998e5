// What is to be told, kept apart from the telling: which topics stand, which of them changed since they were told,
// and a bounded queue of those. Level-triggered: what left before its turn is not told.

import type { Topic } from './topic.ts';

export interface Item {
  topic: Topic;
  /** The diagnostics are still there. */
  standing: boolean;
  /** Times that it came or changed and was not told yet. */
  occurrences: number;
  /** What the API server has of it: null before it was told, and after leadership was lost. */
  told: { readonly uid: string | undefined; readonly count: number } | null;
  /** When an Event was last made for it; makes are at least a window apart. */
  madeAt: number | null;
  /** When it last left the queue, told or not; null: never. */
  turnAt: number | null;
  /** The object's own limit let it pass; what is tried again is not counted again. */
  admitted: boolean;
  failures: number;
}

export interface News {
  /** All that stands now. */
  replace(topics: ReadonlyMap<string, Topic>): void;
  /** Puts all that stands and had no turn yet, or so long ago that it would be forgotten, into the queue. */
  remind(olderThan: number): void;
  first(): Item | undefined;
  /** Its turn is over, whether this was told or given up. What came meanwhile has a turn of its own. */
  settle(item: Item, topic: Topic): void;
  /** Another one leads: its Events are not known here. */
  forgetTold(): void;
  /** How many were dropped from the full queue since this was last asked. */
  takeDropped(): number;
  waiting(): number;
}

export function createNews(options: {
  readonly capacity: number;
  readonly now: () => number;
  readonly keepFor: number;
}): News {
  const { capacity, now, keepFor } = options;
  const items = new Map<string, Item>();
  const queue = new Set<Item>();
  let dropped = 0;

  return {
    replace(topics) {
      for (const [key, item] of items) if (!topics.has(key)) leave(key, item);
      for (const [key, topic] of topics) arrive(key, topic);
    },
    remind(olderThan) {
      for (const item of items.values()) {
        if (!item.standing || queue.has(item)) continue;
        if (item.turnAt !== null && now() - item.turnAt < olderThan) continue;
        item.occurrences = Math.max(1, item.occurrences);
        enqueue(item);
      }
    },
    first: () => queue.values().next().value,
    settle(item, topic) {
      queue.delete(item);
      item.turnAt = now();
      item.failures = 0;
      item.admitted = false;
      item.occurrences = item.standing && item.topic !== topic ? 1 : 0;
      if (item.occurrences > 0) enqueue(item);
    },
    forgetTold() {
      queue.clear();
      for (const item of items.values()) {
        item.told = null;
        item.turnAt = null;
      }
    },
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
    waiting: () => queue.size,
  };

  function arrive(key: string, topic: Topic): void {
    const before = items.get(key);
    if (
      before?.standing === true &&
      before.topic.message === topic.message &&
      before.topic.type === topic.type
    ) {
      return;
    }
    const item = before ?? {
      topic,
      standing: true,
      occurrences: 0,
      told: null,
      madeAt: null,
      turnAt: null,
      admitted: false,
      failures: 0,
    };
    item.topic = topic;
    item.standing = true;
    item.occurrences += 1;
    items.set(key, item);
    enqueue(item);
  }

  /** Remembered for a while, as it may come back and is then the same Event. */
  function leave(key: string, item: Item): void {
    item.standing = false;
    queue.delete(item);
    const forgotten = item.turnAt === null || now() - item.turnAt > keepFor;
    if (item.told === null || forgotten) items.delete(key);
  }

  function enqueue(item: Item): void {
    if (queue.has(item)) return;
    queue.add(item);
    if (queue.size <= capacity) return;
    const [oldest] = queue;
    if (oldest === undefined) return;
    queue.delete(oldest);
    oldest.turnAt = now();
    dropped += 1;
  }
}
