// Whether workers of another user can reach the prefix.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { closedFolder } from '../../../../src/nginx/detect/closed-folders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'closed-folders-'));
  await mkdir(join(folder, 'a/prefix'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the uppermost folder that others may not enter is named, and only for root', async () => {
  const prefix = join(folder, 'a/prefix');
  await chmod(folder, 0o755);
  expect(await closedFolder(prefix, 0)).toBeNull();
  await chmod(prefix, 0o700);
  expect(await closedFolder(prefix, 0)).toContain(`enter ${prefix}:`);
  await chmod(folder, 0o700);
  expect(await closedFolder(prefix, 0)).toContain(`enter ${folder}:`);
  expect(await closedFolder(prefix, 1000)).toBeNull();
  expect(await closedFolder(prefix, undefined)).toBeNull();
});

test('a folder that is not there yet is not closed', async () => {
  await chmod(folder, 0o755);
  expect(await closedFolder(join(folder, 'none/prefix'), 0)).toBeNull();
});
