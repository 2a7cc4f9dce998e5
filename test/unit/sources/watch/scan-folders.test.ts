import { utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Signature } from '../../../../src/sources/watch/list-files.ts';
import { createScanner } from '../../../../src/sources/watch/scan-folders.ts';
import { isRacy, waitForWriter } from '../../../../src/sources/watch/settled.ts';
import type { Sandbox } from '../sandbox.ts';
import { createSandbox } from '../sandbox.ts';

let box: Sandbox;
beforeEach(async () => {
  box = await createSandbox();
});
afterEach(() => box.remove());

const scanner = () =>
  createScanner({ folders: [box.folder], accepts: (name) => name.endsWith('.yaml'), patient: true });

test('nothing is read twice that did not move, and the list keeps its identity', async () => {
  await box.put('a.yaml', 'one');
  await box.put('b.yaml', 'two');
  await sleep(80);
  const scan = scanner();
  const first = await scan();
  expect(first.files.map(({ text }) => text)).toEqual(['one', 'two']);
  expect(first.again).toBeNull();
  // Touched, and written with the same text: other times, no other content.
  await utimes(box.at('a.yaml'), 1, 1);
  await writeFile(box.at('b.yaml'), 'two');
  await sleep(80);
  expect((await scan()).files).toBe(first.files);
});

test('a write that no size and no mtime betrays is seen', async () => {
  await box.put('a.yaml', 'one');
  await utimes(box.at('a.yaml'), 1000, 1000);
  await sleep(80);
  const scan = scanner();
  await scan();
  await writeFile(box.at('a.yaml'), 'two');
  await utimes(box.at('a.yaml'), 1000, 1000);
  expect((await scan()).files[0]?.text).toBe('two');
});

test('a fresh file is looked at again until its tick is over', async () => {
  const scan = scanner();
  await box.put('a.yaml', 'one');
  let last = await scan();
  expect(last.again).not.toBeNull();
  for (let look = 0; look < 5 && last.again !== null; look += 1) {
    await sleep(last.again);
    last = await scan();
  }
  expect(last.again).toBeNull();
  expect(last.files.map(({ text }) => text)).toEqual(['one']);
});

test('a clock of the file system that is ahead does not hide a file', async () => {
  const scan = scanner();
  await box.put('a.yaml', 'one');
  const future = Date.now() / 1000 + 3600;
  await utimes(box.at('a.yaml'), future, future);
  let last = await scan();
  for (let look = 0; look < 5 && last.files.length === 0; look += 1) {
    await sleep(last.again ?? 0);
    last = await scan();
  }
  expect(last.files.map(({ text }) => text)).toEqual(['one']);
});

describe('when a file is believed', () => {
  const at = (fields: Partial<Signature>): Signature => {
    return { key: 'k', inode: '1', real: '/a', size: 5, modified: 1000, changed: 1000, ...fields };
  };
  test.each([
    ['in place, at once', at({}), at({ key: 'before' }), 1000, 50],
    ['in place, 30 ms later', at({}), at({ key: 'before' }), 1030, 20],
    ['in place, 50 ms later', at({}), at({ key: 'before' }), 1050, 0],
    ['renamed over', at({ inode: '2', changed: 1003 }), at({}), 1003, 0],
    ['perhaps renamed', at({ inode: '2' }), at({}), 1005, 10],
    ['new, renamed in', at({ changed: 1003 }), null, 1003, 0],
    ['new, perhaps being written', at({}), null, 1000, 15],
    ['new and empty', at({ size: 0 }), null, 1000, 50],
    ['a link pointed elsewhere', at({ inode: '2', real: '/b' }), at({}), 1000, 0],
    ['clock behind, seen 60 ms ago', at({ modified: 9000, changed: 9000 }), at({ key: 'b' }), 1060, 0],
  ])('%s', (_title, now, before, clock, wait) => {
    expect(waitForWriter(now, before, 1000, clock)).toBe(wait);
  });
  test('a read within the tick of a change is not the last word', () => {
    expect(isRacy(at({}), 1000, 1010)).toBe(true);
    expect(isRacy(at({}), 1000, 1060)).toBe(false);
    expect(isRacy(at({ changed: 9000 }), 1000, 1060)).toBe(false);
  });
});
