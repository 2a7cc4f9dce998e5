// How one of a backend's endpoints is picked, and which of them are out: everything that Lua decides by, a push away.

/** One file each in `lua/ingress/balancer/`. Sticky sessions are not among them: they belong to a route. */
export const ALGORITHMS = ['round_robin', 'chash', 'chashsubset', 'ewma', 'least_conn'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Balancing {
  readonly algorithm: Algorithm;
  /** What chash and chashsubset hash; empty for the others. */
  readonly hashBy: HashKey;
  /** Endpoints that one key may reach with chashsubset; 0 for the others. */
  readonly subsetSize: number;
  /** Seconds in which a new endpoint comes to its full share; 0: it has it at once. Not of the hashes. */
  readonly slowStart: number;
  /** Percent of the endpoints: when fewer are healthy, all of them are used. 0: only when none is. */
  readonly panicThreshold: number;
  /** null: failures of requests take no endpoint out. */
  readonly passive: PassiveChecks | null;
  /** null: nobody asks the endpoints. */
  readonly check: ActiveCheck | null;
}

/** Whether it has to be told how each request ended: that costs a phase at the end, which other routes do not have. */
export function isMeasured({ algorithm, passive }: Balancing): boolean {
  return algorithm === 'ewma' || algorithm === 'least_conn' || passive !== null;
}

/** Texts, and nginx's variables with a `$` before their name: `$request_uri`. */
export type HashKey = readonly string[];

/** An endpoint is ejected for `failTimeout` when `maxFails` attempts at it have failed within `failTimeout`. */
export interface PassiveChecks {
  readonly maxFails: number;
  /** Seconds. */
  readonly failTimeout: number;
  /** Answers that count as failures beside broken connections and timeouts; inclusive ranges, sorted. */
  readonly statuses: readonly StatusRange[];
  /** Percent of the endpoints that may be ejected at the same time; never less than one of several. */
  readonly maxEjected: number;
}

export type StatusRange = readonly [from: number, to: number];

export interface ActiveCheck {
  readonly type: 'http' | 'https' | 'tcp' | 'grpc';
  /** Seconds between two checks of an endpoint, and for the answer; the latter is never more than the former. */
  readonly interval: number;
  readonly timeout: number;
  /** Checks in a row that bring an endpoint in, and out. */
  readonly rise: number;
  readonly fall: number;
  /** Instead of the endpoint's own; null: that one. */
  readonly port: number | null;
  /** Of http and https; of the others `/`, null and empty. */
  readonly path: string;
  readonly host: string | null;
  readonly statuses: readonly StatusRange[];
  /** Of grpc: the service to ask for; `''`: the server as a whole. */
  readonly service: string;
}

/** Sessions that stay at one endpoint, by a cookie of ours. Part of a route; names are ingress-nginx's. */
export interface Affinity {
  readonly name: string;
  /** `balanced`: more endpoints take over some sessions; `persistent`: none moves while its endpoint is there. */
  readonly mode: 'balanced' | 'persistent';
  readonly path: string;
  readonly domain: string | null;
  /** Seconds; null: a cookie of the browser's session. */
  readonly expires: number | null;
  readonly maxAge: number | null;
  readonly sameSite: 'None' | 'Lax' | 'Strict' | null;
  /** null: as the client came, on TLS yes. */
  readonly secure: boolean | null;
  /** Leaves `SameSite=None` away for browsers that misread it. */
  readonly conditionalSameSiteNone: boolean;
  /** A session whose endpoint fails gets another one for good; else it comes back to it. */
  readonly changeOnFailure: boolean;
  /** `sticky`: sessions stay on the side of a canary where they began; `legacy`: canaries do not look at them. */
  readonly canary: 'sticky' | 'legacy';
}

/** Grows the weight of a canary from 0 at `start` to what it says at `start + duration`, both in seconds (since 1970). */
export interface Ramp {
  readonly start: number;
  readonly duration: number;
}
