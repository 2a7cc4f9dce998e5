// The numbers of list and watch, all in milliseconds unless said otherwise; client-go's where it has them.

export interface Timing {
  /** First wait after a failure, doubled up to `longestPause`, each made up to twice as long by chance. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** Where nobody answers, trying costs nobody anything, and changes should arrive soon after the return. */
  readonly longestPauseUnreachable: number;
  /** A watch that lived so long was healthy: the next failure waits from `firstPause` again. */
  readonly healthyAfter: number;
  /** Retry-After beyond this is not believed. */
  readonly longestRetryAfter: number;
  /** Objects in a page of a list. */
  readonly pageSize: number;
  /**
   * A watch asks the server to end it after a time between these (client-go: five to ten minutes). Its end is the one
   * sign of life that HTTP/1.1 has for a kind in which nothing happens: a connection that is dead behind a proxy, a
   * NAT or a load balancer goes on looking alive. Two seconds before it the server sends a bookmark, so the version
   * of a quiet kind stays young too. The price is a request for each kind each ten seconds, over the same connection.
   */
  readonly watchLifetime: readonly [number, number];
  /** Silence after which a watch is given up and resumed on another connection: more than its lifetime. */
  readonly watchIdle: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** How long a list that lacks most objects waits for its confirmation. */
  readonly hold: number;
  /** A full list as often as this, and up to a fifth later, finds what no watch told. */
  readonly relistEvery: number;
  /** Least time between two Snapshots. */
  readonly tick: number;
  /** How long changed Ingresses wait for Secrets that they are the first to name. */
  readonly secretPatience: number;
}

export const TIMING: Timing = {
  firstPause: 800,
  longestPause: 30_000,
  longestPauseUnreachable: 3_000,
  healthyAfter: 5_000,
  longestRetryAfter: 300_000,
  pageSize: 500,
  watchLifetime: [8_000, 10_000],
  watchIdle: 12_000,
  headersTimeout: 30_000,
  bodyTimeout: 30_000,
  hold: 60_000,
  relistEvery: 3_600_000,
  tick: 5,
  secretPatience: 1_000,
};
