// What Node has compiled of the program is kept beside it, and nothing depends on that.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const execute = promisify(execFile);
const repository = resolve(import.meta.dirname, '../../..');
let root: string;
let cache: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'compile-cache-'));
  cache = join(root, '.cache');
  for (const part of ['package.json', 'src', 'templates'])
    await cp(join(repository, part), join(root, part), { recursive: true });
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function help(): Promise<string> {
  const main = join(root, 'src/cli/main.ts');
  const { NODE_COMPILE_CACHE: _, NODE_DISABLE_COMPILE_CACHE: __, ...env } = process.env;
  return (await execute(process.execPath, [main, 'run', '--help'], { env })).stdout;
}

test('it is there after the first run, and the second says the same', async () => {
  const first = await help();
  expect(first).toContain('--manifests');
  expect((await readdir(cache, { recursive: true })).length).toBeGreaterThan(10);
  expect(await help()).toBe(first);
});

test('where it cannot be kept the program runs without', async () => {
  await rm(cache, { recursive: true });
  await writeFile(cache, 'no folder');
  expect(await help()).toContain('--manifests');
});
