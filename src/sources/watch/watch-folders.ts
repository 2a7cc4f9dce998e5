// The loop around a scanner: look when hinted, look again when a file needs it, and look from time to time anyway,
// so that every case converges whatever the hints lose.

import type { Logger } from 'pino';
import { armHints } from './arm-hints.ts';
import type { Scan } from './scan-folders.ts';
import { createScanner } from './scan-folders.ts';

export interface WatchOptions {
  readonly folders: readonly string[];
  readonly accepts: (name: string) => boolean;
  readonly signal: AbortSignal;
  /** Called after each scan, the first one of all folders included; the next scan waits for it. */
  readonly onScan: (scan: Scan) => Promise<void> | void;
  /** True from the first hint that something has moved until a scan that saw it has been taken; starts as true. */
  readonly onStir?: (stirred: boolean) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/** Resolves when the first scan has been taken; the loop goes on until the signal. */
export async function watchFolders(options: WatchOptions): Promise<void> {
  const { folders, accepts, signal, onScan, log, onStir = () => {} } = options;
  const scan = createScanner({ folders, accepts, patient: true });
  const bell = createBell(signal);
  let armed = '';
  let watcher: { close(): Promise<void> } | null = null;

  // New files that are still being written may hold up the start, but not for long.
  const patience = Date.now() + FIRST_PATIENCE;
  let last = await look();
  while (last.unsettled > 0 && Date.now() < patience && !signal.aborted) {
    await bell.wait(last.again ?? DEBOUNCE);
    last = await look();
  }
  if (!signal.aborted) await onScan(last.scan);
  calm();
  void loop();

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      const pause = Math.max(PERIOD, PERIOD_FACTOR * last.took);
      const rung = await bell.wait(Math.min(last.again ?? pause, pause));
      // A burst of events is one change; and scanning a huge folder never takes more than half of the time.
      if (rung) await sleep(Math.max(DEBOUNCE, Math.min(last.took, pause)), signal);
      if (signal.aborted) break;
      try {
        last = await look();
        if (!signal.aborted) await onScan(last.scan);
        calm();
      } catch (error) {
        log.error({ err: error }, 'scanning folders failed; trying again');
        last = { ...last, again: null };
      }
    }
    await watcher?.close();
  }

  function calm(): void {
    onStir(bell.isRung() || last.unsettled > 0);
  }

  async function look(): Promise<{ scan: Scan; again: number | null; unsettled: number; took: number }> {
    bell.reset();
    const start = performance.now();
    const result = await scan();
    await arm(result);
    return {
      scan: result,
      again: result.again,
      unsettled: result.unsettled,
      took: performance.now() - start,
    };
  }

  function hinted(): void {
    onStir(true);
    bell.ring();
  }

  /** A folder that vanished takes its watch with it, so the watches follow inodes, not names. */
  async function arm(result: Scan): Promise<void> {
    const wanted = result.watch.map(({ path, inode, deep }) => `${path}\n${inode}\n${deep}`).join('\n');
    if (wanted === armed || signal.aborted) return;
    armed = wanted;
    await watcher?.close();
    watcher = armHints(result.watch, hinted, log);
  }
}

const DEBOUNCE = 10;
const PERIOD = 1000;
const PERIOD_FACTOR = 50;
const FIRST_PATIENCE = 1000;

interface Bell {
  readonly ring: () => void;
  readonly reset: () => void;
  readonly isRung: () => boolean;
  /** True when rung (also before the call, since the last reset); false after `ms` or when aborted. */
  readonly wait: (ms: number) => Promise<boolean>;
}

function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    ring: () => {
      rung = true;
      wake();
    },
    reset: () => {
      rung = false;
    },
    isRung: () => rung,
    wait: async (ms) => {
      if (rung || signal.aborted) return rung;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      return rung;
    },
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
