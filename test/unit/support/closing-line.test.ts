// The closing line that scripts read, over results as jest hands them to a reporter, and over a real jest run.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const repository = resolve(import.meta.dirname, '../../..');
const execute = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'closing-line-'));
  const config = {
    transform: {},
    testEnvironment: 'node',
    testMatch: ['**/*.case.mjs'],
    moduleFileExtensions: ['mjs', 'js'],
  };
  const reporters = ['default', join(repository, 'test/support/closing-line-reporter.js')];
  await writeFile(join(folder, 'jest.config.json'), JSON.stringify({ ...config, reporters }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the closing line', () => {
  test('counts passed, failed and skipped tests', async () => {
    await writeFile(
      join(folder, 'mixed.case.mjs'),
      `test('a', () => {}); test('b', () => {}); test('c', () => { throw new Error('no') }); test.skip('d', () => {});`,
    );
    expect(await runJest('mixed')).toEqual({ code: 1, last: '2 passed, 1 failed, 1 skipped' });
  });

  test('says no more than that when nothing was skipped', async () => {
    await writeFile(join(folder, 'good.case.mjs'), `test('a', () => {});`);
    expect(await runJest('good')).toEqual({ code: 0, last: '1 passed, 0 failed' });
  });

  test('counts a file that cannot be loaded as a failure', async () => {
    await writeFile(join(folder, 'broken.case.mjs'), `import './nothing-here.mjs'; test('a', () => {});`);
    expect(await runJest('broken')).toEqual({ code: 1, last: '0 passed, 1 failed' });
  });

  test('a path without tests is a failure', async () => {
    expect((await runJest('nothing-of-this-name')).code).toBe(1);
  });
});

async function runJest(pattern: string): Promise<{ code: number; last: string }> {
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(repository, 'node_modules/jest/bin/jest.js'),
    '--rootDir',
    folder,
    '--config',
    join(folder, 'jest.config.json'),
    pattern,
  ];
  const { code, stdout } = await execute(process.execPath, args, { cwd: folder }).then(
    (done) => ({ code: 0, ...done }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}
