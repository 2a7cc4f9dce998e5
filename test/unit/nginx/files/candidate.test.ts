import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestText, readCandidate, writeCandidate } from '../../../../src/nginx/files/candidate.ts';

let prefix: string;
beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'candidate-'));
  await mkdir(join(prefix, 'conf'));
});
afterEach(() => rm(prefix, { recursive: true, force: true }));

test('what has to be remembered of the files comes back as it was', async () => {
  const files = {
    digest: '0'.repeat(32),
    sections: new Map([
      ['main', 'a'],
      ['host shop.example', 'b'],
    ]),
    compiled: new Map([['shop.example', new Map([['d/shop/shop.example/P/', 'key']])]]),
    terms: new Map([['shop.example', 'plain p01234567']]),
  }; // prettier-ignore
  await writeCandidate(prefix, 'text', files);
  expect(await readCandidate(prefix)).toEqual({ textDigest: digestText('text'), files });
});

test.each(['', '{', '{"v":2}', '{"v":1,"textDigest":1}'])('%j is no note', async (text) => {
  await writeFile(join(prefix, 'conf/.candidate.json'), text);
  expect(await readCandidate(prefix)).toBeNull();
});

test('none is null', async () => {
  expect(await readCandidate(prefix)).toBeNull();
});
