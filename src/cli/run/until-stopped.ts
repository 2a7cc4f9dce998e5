// SIGTERM and SIGINT as one signal for everything that lives; a second one ends at once.

import type { Logger } from 'pino';

export function untilStopped(log: Logger): {
  readonly signal: AbortSignal;
  readonly stopped: Promise<void>;
  readonly stop: () => void;
} {
  const lifecycle = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (lifecycle.signal.aborted) process.exit(1);
        log.info({ signal: name }, 'stopping');
        lifecycle.abort();
        resolve();
      });
    }
  });
  return { signal: lifecycle.signal, stopped, stop: () => lifecycle.abort() };
}
