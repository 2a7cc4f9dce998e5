// The loop around a scanner: look when hinted, look again when a file needs it, and look from time to time anyway,
// so that every case converges whatever the hints lose.

import type { Logger } from 'pino';
import { armHints } from './arm-hints.ts';
import { stampOf } from './list-files.ts';
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
  let inodes: ReadonlyMap<string, string> = new Map();
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
      const rung = await rest();
      // A burst of events is one change; and scanning a huge folder never takes more than half of the time.
      if (rung) await sleep(Math.max(DEBOUNCE, Math.min(last.took, LONGEST_PERIOD)), signal);
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

  /**
   * Until a hint, or until it is time to look without one. Looking at all files again is dear where there are many, so
   * it is done seldom; looking at the folders, which shows whatever came, went or was put in place of another, is not.
   *
   * @returns whether there was a hint.
   */
  async function rest(): Promise<boolean> {
    const { folders: listed } = last.scan;
    const due = performance.now() + Math.min(last.again ?? LONGEST_PERIOD, period(last.took));
    for (let pause = PERIOD; ; ) {
      if (await bell.wait(Math.max(0, Math.min(pause, due - performance.now())))) return true;
      const start = performance.now();
      if (start >= due || signal.aborted) return false;
      const now = await Promise.all(listed.map(({ path }) => stampOf(path)));
      if (now.some(({ stamp }, index) => stamp !== listed[index]?.stamp)) return false;
      pause = period(performance.now() - start);
    }
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
    const replaced = result.folders.some(({ path, inode }) => (inodes.get(path) ?? inode) !== inode);
    inodes = new Map(result.folders.map(({ path, inode }) => [path, inode]));
    if ((wanted === armed && !replaced) || signal.aborted) return;
    armed = wanted;
    await watcher?.close();
    watcher = armHints(result.watch, hinted, log);
  }
}

const DEBOUNCE = 10;
/** Milliseconds between two looks without a hint: of what is cheap; of what takes long so many times that, at most. */
const PERIOD = 1000;
const PERIOD_FACTOR = 1000;
const LONGEST_PERIOD = 60_000;
const FIRST_PATIENCE = 1000;

function period(took: number): number {
  return Math.min(LONGEST_PERIOD, Math.max(PERIOD, PERIOD_FACTOR * took));
}

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
