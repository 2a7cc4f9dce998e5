// Where the nginx of the tests comes from: idempotent, found by its description, refused when it has no Lua.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { describeNginx } from '../../../openresty/find-nginx.ts';
import { ensureNginx } from '../../../openresty/install-nginx.ts';

const execute = promisify(execFile);
const command = resolve(import.meta.dirname, '../../../openresty/install-nginx.ts');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'install-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('many calls at once give one answer', async () => {
  const [first, ...others] = await Promise.all([ensureNginx(), ensureNginx(), ensureNginx()]);
  for (const other of others) expect(other).toEqual(first);
});

test('the binary that was found describes itself again by its path alone', async () => {
  const nginx = await ensureNginx();
  expect(await describeNginx(nginx.binary)).toEqual(nginx);
});

test('the command prints the path and takes INGRESS_NGINX', async () => {
  const { binary } = await ensureNginx();
  const env = { ...process.env, INGRESS_NGINX: binary };
  const { stdout } = await execute(process.execPath, [command], { env });
  expect(stdout.split('\n')[0]).toBe(binary);
  expect(stdout).toContain(`--nginx ${binary}`);
});

test('a binary without Lua is refused with a word about what to name', async () => {
  const plain = join(folder, 'nginx');
  await writeFile(
    plain,
    '#!/bin/sh\n[ "$1" = -v ] && { echo "nginx version: nginx/1.22.1" >&2; exit 0; }\nexit 1\n',
  );
  await chmod(plain, 0o755);
  expect(await describeNginx(plain)).toBeNull();
  const run = execute(process.execPath, [command], { env: { ...process.env, INGRESS_NGINX: plain } });
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not an nginx with Lua'),
  });
});
