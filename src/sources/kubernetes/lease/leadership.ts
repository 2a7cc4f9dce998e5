// Who of several controllers writes to the API server. Serving asks nobody.

export interface Leadership {
  /** Exact at the moment of the call; to be asked before each request that writes. */
  isLeader(): boolean;
  /** Tells of gains and losses, soon after them. Returns what ends the telling. */
  onChange(listener: () => void): () => void;
}

/** For a controller that knows itself to be the only one (election disabled). */
export const ALWAYS_LEADER: Leadership = {
  isLeader: () => true,
  onChange: () => () => undefined,
};
