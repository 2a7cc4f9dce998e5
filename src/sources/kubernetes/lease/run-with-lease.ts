// The order of an end: writers finish as leaders (status is taken back), then the lease is released for the next.

import type { Lease } from './lease.ts';

export async function runWithLease(
  lease: Pick<Lease, 'run'>,
  writers: readonly { run(signal: AbortSignal): Promise<void> }[],
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  const leading = lease.run(end.signal);
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.all([ended, ...writers.map((writer) => writer.run(signal))]);
  } finally {
    end.abort();
    await leading;
  }
}
