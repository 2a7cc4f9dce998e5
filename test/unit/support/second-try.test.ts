// When a failed file is run once more, and what two runs come to.
import { expect, jest, test } from '@jest/globals';
import { mayTryAgain, readFailedFile, settle } from '../../support/second-try.ts';

const run = (passed: number, failed: number, ...failedFiles: string[]) => ({
  counts: { passed, failed, skipped: 0 },
  failedFiles,
});

test('one or two files are run again; none, or more, are not', () => {
  expect(mayTryAgain([])).toBe(false);
  expect(mayTryAgain(['a', 'b'])).toBe(true);
  expect(mayTryAgain(['a', 'b', 'c'])).toBe(false);
});

test('only whole lines of the reporter name a file', () => {
  expect(readFailedFile('failed in /repo/test/e2e/a.test.ts')).toBe('/repo/test/e2e/a.test.ts');
  expect(readFailedFile('it failed in the end')).toBeNull();
});

test('what passes the second time counts once and is named; what fails again is a failure', () => {
  const written = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  const a = `${process.cwd()}/test/e2e/a.test.ts`;
  const b = `${process.cwd()}/test/e2e/b.test.ts`;
  const settled = [
    settle(run(88, 2, a, b), run(7, 0)),
    settle(run(88, 2, a, b), run(6, 1, b)),
    settle(run(88, 2, a), run(5, 2, a)),
  ];
  const lines = written.mock.calls.map(([text]) => String(text));
  written.mockRestore();
  expect(settled).toEqual([
    { passed: 90, failed: 0, skipped: 0 },
    { passed: 89, failed: 1, skipped: 0 },
    { passed: 88, failed: 2, skipped: 0 },
  ]);
  const flaky = (file: string) => `flaky: test/e2e/${file}.test.ts failed, and passed when run once more\n`;
  expect(lines).toEqual([flaky('a'), flaky('b'), flaky('a')]);
});
