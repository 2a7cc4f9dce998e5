// What the tests of the writers of status and Events start from: a scripted API server, a clock that is set by hand, and
// a leadership that is given and taken.
import { afterEach, beforeEach } from '@jest/globals';
import type { Leadership } from '../../../../../../src/sources/kubernetes/lease/leadership.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { openTestCluster, type TestCluster } from './open-test-cluster.ts';

export type WriterBed = {
  api: ApiServer;
  opened: TestCluster;
  clock: ManualClock;
  leading: boolean;
  /** Says that leadership may have changed. */
  tellChange: () => void;
  readonly leadership: Leadership;
  /** Runs the writer until the test ends or `stop` is called. */
  readonly run: (writer: { run(signal: AbortSignal): Promise<void> }) => {
    readonly running: Promise<void>;
    readonly stop: () => Promise<void>;
  };
};

/** Made anew before each test of the file, and ended after it. */
export function writerBed(): WriterBed {
  let stops: (() => Promise<void>)[] = [];
  const bed = {
    leading: true,
    tellChange: () => undefined,
    leadership: {
      isLeader: () => bed.leading,
      onChange: (listener) => {
        bed.tellChange = listener;
        return () => undefined;
      },
    },
    run(writer) {
      const end = new AbortController();
      const running = writer.run(end.signal);
      const stop = () => {
        end.abort();
        return running;
      };
      stops.push(stop);
      return { running, stop };
    },
  } as WriterBed;
  beforeEach(async () => {
    bed.api = await startApiServer();
    bed.opened = await openTestCluster(bed.api.port, 'a');
    bed.clock = createManualClock();
    bed.leading = true;
    stops = [];
  });
  afterEach(async () => {
    bed.api.fault = () => null;
    for (const stop of stops) await stop();
    await bed.opened.close();
    await bed.api.close();
  });
  return bed;
}
