// The lock between processes: one at a time, released after a failure, taken over from the dead by one only.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withFolderLock } from '../../../openresty/folder-lock.ts';

const lockModule = resolve(import.meta.dirname, '../../../openresty/folder-lock.ts');
let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-test-'));
  lock = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each(['free', 'left by a dead process'])('holders follow one another: %s', async (state) => {
  if (state !== 'free') await leaveDeadLock();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 20 }, () => withFolderLock(lock, work)));
  expect(most).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('is released when the work fails', async () => {
  await expect(withFolderLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(withFolderLock(lock, () => Promise.resolve('again'))).resolves.toBe('again');
});

test('holds between processes that all find a dead owner', async () => {
  await leaveDeadLock();
  const log = join(folder, 'log');
  const script = `
    import { appendFileSync } from 'node:fs';
    import { withFolderLock } from ${JSON.stringify(lockModule)};
    await withFolderLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ');
      await new Promise((done) => setTimeout(done, 20));
      appendFileSync(${JSON.stringify(log)}, 'out ');
    });`;
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  await Promise.all(Array.from({ length: 4 }, run));
  expect(await readFile(log, 'utf8')).toBe('in out '.repeat(4));
});

async function leaveDeadLock(): Promise<void> {
  const { pid } = spawnSync('true');
  await mkdir(lock);
  await writeFile(join(lock, 'pid'), String(pid));
}
