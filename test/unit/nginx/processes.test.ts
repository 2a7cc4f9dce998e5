import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { liveMasters, readMaster, readStat } from '../../../src/nginx/processes.ts';
import { withFolder } from './state/support/sample.ts';

// Real masters are looked at in test/nginx.
test.each([
  ['no pid file', null],
  ['the empty one that nginx -t leaves', ''],
  ['the pid of a process that is no nginx', `${process.pid}\n`],
  ['a pid that no process has', '4194305\n'],
  ['rubbish', '../1'],
])('%s: no master', (_name, text) =>
  withFolder(async (prefix) => {
    await mkdir(dirname(join(prefix, LAYOUT.pid)), { recursive: true });
    if (text !== null) await writeFile(join(prefix, LAYOUT.pid), text);
    expect(await readMaster(prefix)).toBeNull();
    expect(await liveMasters(prefix)).toEqual([]);
  }),
);

test('a process is known by its parent and its start', async () => {
  expect(await readStat(process.pid)).toEqual({
    parent: process.ppid,
    startTime: expect.stringMatching(/^\d+$/),
  });
  expect(await readStat(4_194_305)).toBeNull();
});
