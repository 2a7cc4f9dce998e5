// The demo's tour by itself, from start to end: it says what it shows, and leaves no process and no folder behind.
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { processTitle } from '../support/processes.ts';
import { runToEnd } from './support/controller.ts';

const root = resolve(import.meta.dirname, '../..');

test('node openresty/demo.ts --once works and leaves nothing behind', async () => {
  const demo = resolve(root, 'openresty/demo.ts');
  const { code, stdout, stderr } = await runToEnd([demo, '--once'], {
    program: process.execPath,
    timeoutMs: 100_000,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Everything is stopped and removed.');
  const folder = /its log: (\/.*)\/controller\.log$/m.exec(stdout)?.[1] ?? '';
  expect(folder).not.toBe('');
  expect(existsSync(folder)).toBe(false);
  expect(await processesThatName(folder)).toEqual([]);
}, 120_000);

async function processesThatName(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const title = await processTitle(Number(pid));
    const at = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if ([title, at, environment].some((text) => text.includes(folder))) found.push(`${pid} ${title}`);
  }
  return found;
}
