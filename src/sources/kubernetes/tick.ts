// Many changes, few calls: the first one at once, as soon as what came with it is worked off, the next not before a
// short time has passed.

export interface Tick {
  ring(): void;
}

/** @param interval least milliseconds between two runs. */
export function createTick(interval: number, signal: AbortSignal, run: () => void): Tick {
  let waiting = false;
  let ranAt = Number.NEGATIVE_INFINITY;
  return {
    ring() {
      if (waiting || signal.aborted) return;
      waiting = true;
      const rest = ranAt + interval - performance.now();
      if (rest <= 0) setImmediate(fire);
      else setTimeout(fire, rest);
    },
  };

  function fire(): void {
    waiting = false;
    if (signal.aborted) return;
    ranAt = performance.now();
    run();
  }
}
