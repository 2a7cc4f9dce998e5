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
  /** Full lists since the start. */
  readonly lists: number;
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
  lists: 0,
  restarts: {},
};
