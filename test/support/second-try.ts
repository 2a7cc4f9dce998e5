// A file that fails is run once more, by the gate only: the suites drive dozens of real processes against the clock on
// whatever machine there is, and one stall of that machine must not refuse a change. What passes then is named
// as flaky, in the log and in the gate's summary; it is a bug of the test or of ours all the same. More than two files are
// no bad luck.
import { relative } from 'node:path';
import type { Counts } from './counts.ts';

export type Run = { readonly counts: Counts; readonly failedFiles: readonly string[] };

export function mayTryAgain(failedFiles: readonly string[]): boolean {
  return failedFiles.length > 0 && failedFiles.length <= 2;
}

/** Path of the file, of a line that the reporter writes. */
export function readFailedFile(line: string): string | null {
  return /^failed in (.+)$/.exec(line)?.[1] ?? null;
}

/** What both runs came to: what passed the second time counts as passed, once. */
export function settle(first: Run, second: Run): Counts {
  for (const file of first.failedFiles.filter((path) => !second.failedFiles.includes(path)))
    process.stdout.write(`flaky: ${relative(process.cwd(), file)} failed, and passed when run once more\n`);
  const failed = Math.min(second.counts.failed, first.counts.failed);
  return { ...first.counts, passed: first.counts.passed + first.counts.failed - failed, failed };
}
