// What nginx knows of the endpoints of one backend.

export interface BackendHealth {
  readonly id: string;
  /** Too few are fit, so all are used. */
  readonly panic: boolean;
  readonly endpoints: readonly EndpointHealth[];
}

export interface EndpointHealth {
  readonly address: string;
  readonly port: number;
  readonly state: (typeof ENDPOINT_STATES)[number];
  /** New requests go there. */
  readonly used: boolean;
  /** Seconds since 1970, of what stands against it. */
  readonly since: number | null;
  readonly until: number | null;
  readonly reason: string | null;
}

/** `unchecked`: nobody asks it, and no failed request speaks against it. */
export const ENDPOINT_STATES = ['healthy', 'unhealthy', 'ejected', 'draining', 'unchecked'] as const;
