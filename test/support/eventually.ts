// Waiting for something that another process does: polls until it holds, and says what it last saw if it never does.
import { setTimeout as sleep } from 'node:timers/promises';

/** The first value of `look` that is not null, false or undefined; an error of `look` counts as "not yet". */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false | undefined> | T | null | false | undefined,
  { timeoutMs = 10_000, pauseMs = 10 } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = 'nothing';
  while (Date.now() < deadline) {
    try {
      const seen = await look();
      if (seen !== null && seen !== false && seen !== undefined) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    await sleep(pauseMs);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms; last seen: ${String(last)}`, { cause: last });
}
