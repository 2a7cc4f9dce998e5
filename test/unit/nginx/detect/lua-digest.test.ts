import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestLua } from '../../../../src/nginx/detect/lua-digest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lua-digest-'));
  await mkdir(join(folder, 'ingress'));
  await writeFile(join(folder, 'ingress.lua'), 'return 1');
  await writeFile(join(folder, 'ingress/route.lua'), 'return 2');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('each byte and each path of the Lua counts, other files do not', async () => {
  const before = await digestLua(folder);
  expect(before).toMatch(/^[0-9a-f]{32}$/);
  await writeFile(join(folder, 'README.md'), 'words');
  expect(await digestLua(folder)).toBe(before);
  await writeFile(join(folder, 'ingress/route.lua'), 'return 3');
  const changed = await digestLua(folder);
  expect(changed).not.toBe(before);
  await rm(join(folder, 'ingress/route.lua'));
  await writeFile(join(folder, 'ingress/other.lua'), 'return 3');
  expect(await digestLua(folder)).not.toBe(changed);
});
