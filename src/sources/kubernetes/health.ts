// What /readyz and metrics say of the watches.

export interface KindHealth {
  /** Listed in full at least once, or known to be unreadable and done without. */
  readonly synced: boolean;
  /** Milliseconds of the monotonic clock (performance.now()): the last sign of life, bookmarks included. */
  readonly lastEventAt: number | null;
  /** Why it is not up to date at present, as a sentence; what is known stays in force meanwhile. */
  readonly trouble: string | null;
  /** What a list lacked and is kept until another list confirms it. */
  readonly held: string | null;
  /** How many these are. */
  readonly heldObjects: number;
  /** What somebody has to do about `trouble`; null: nothing, it passes. */
  readonly remedy: string | null;
  /** How many are kept with their content: of Secrets only those that are named. */
  readonly objects: number;
  /** Full lists since the start. */
  readonly lists: number;
  /** Requests that brought nothing usable, by reason: `unreachable`, `status-403`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Watches that ended, by reason; a watch that the server ends in order is one too. */
  readonly restarts: Readonly<Record<string, number>>;
}

/** By feed: `Ingress`, `Secret`, …, `Namespace` with a selector, `Service of --default-backend-service`. */
export type SourceHealth = Readonly<Record<string, KindHealth>>;

export const NEW_HEALTH: KindHealth = {
  synced: false,
  lastEventAt: null,
  trouble: null,
  held: null,
  heldObjects: 0,
  remedy: null,
  objects: 0,
  lists: 0,
  failures: {},
  restarts: {},
};
