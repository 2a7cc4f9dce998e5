// Hints that something may have moved below some folders. Only hints: chokidar 5 loses watches (two swaps of a
// ConfigMap in a row, a root that is removed), so nobody may conclude anything from silence or from an event's name.

import type { FSWatcher } from 'chokidar';
import { watch } from 'chokidar';
import type { Logger } from 'pino';
import type { WatchedFolder } from './list-files.ts';

/**
 * Watches folders, never files: the kernel reports the files of a watched folder anyway, and ten thousand files would
 * cost ten thousand watches. Raw events count too, chokidar keeps some of them to itself.
 */
export function armHints(
  folders: readonly WatchedFolder[],
  hint: () => void,
  log: Pick<Logger, 'warn'>,
): { close(): Promise<void> } {
  const watchers = [true, false].flatMap((deep) => {
    const paths = folders.filter((folder) => folder.deep === deep).map(({ path }) => path);
    return paths.length === 0 ? [] : [arm(paths, deep)];
  });
  return {
    close: async () => {
      await Promise.all(watchers.map((watcher) => watcher.close()));
    },
  };

  function arm(paths: string[], deep: boolean): FSWatcher {
    const watcher = watch(paths, {
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ...(deep ? {} : { depth: 0 }),
      ignored: (_path, stats) => stats !== undefined && !stats.isDirectory(),
    });
    watcher.on('all', hint);
    watcher.on('raw', hint);
    // What changed before the kernel's watches stood is found by the look that follows.
    watcher.on('ready', hint);
    watcher.on('error', (error) => {
      log.warn(
        { err: error, folders: paths },
        'watching folders failed; changes are found by periodic scans',
      );
      hint();
    });
    return watcher;
  }
}
