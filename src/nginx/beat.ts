// Looks that go on for as long as the controller lives are taken on common beats: to be woken costs an idle process more
// (0.15 ms) than what it then looks at, and who wakes together is woken once.

/** @returns milliseconds to the next beat, of all the multiples of `period`. @param now as `performance.now()` tells it. */
export function untilBeat(period: number, now = performance.now()): number {
  const rest = Math.ceil(period - (now % period));
  // Timers may fire a moment early; the beat that was waited for is not waited for again.
  return rest < period / 10 ? rest + period : rest;
}
