// Files beside nginx.conf: written before they are needed, read back for whoever adopts a live file, removed when
// nothing names them.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LAYOUT } from '../../../../src/model/runtime.ts';
import {
  forgetAuthorities,
  readAuthorities,
  writeAuthorities,
} from '../../../../src/nginx/files/authorities.ts';

const [ONE, TWO] = ['1', '2'].map((digit) => `${LAYOUT.authorities}/${digit.repeat(32)}.pem`) as [
  string,
  string,
];
let prefix: string;

beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'authorities-'));
});
afterEach(() => rm(prefix, { recursive: true, force: true }));

test('only authorities are written; what is as it should be is left alone, what is not is put right', async () => {
  const texts = new Map([
    [LAYOUT.config, 'events {}'],
    [ONE, 'one'],
    [TWO, 'two'],
  ]);
  await writeAuthorities(prefix, texts);
  expect(await readdir(prefix)).toEqual(['conf']);
  expect(await readdir(join(prefix, 'conf'))).toEqual(['authorities']);
  const before = await stat(join(prefix, ONE));
  expect(before.mode & 0o777).toBe(0o644);
  await writeFile(join(prefix, TWO), 'cut off');
  await writeAuthorities(prefix, texts);
  expect((await stat(join(prefix, ONE))).ino).toBe(before.ino);
  expect(await readFile(join(prefix, TWO), 'utf8')).toBe('two');
});

test('those that a configuration names are read back', async () => {
  await writeAuthorities(
    prefix,
    new Map([
      [ONE, 'one'],
      [TWO, 'two'],
    ]),
  );
  const line = (path: string) => `proxy_ssl_trusted_certificate ${prefix}/${path};\n`;
  const gone = `${LAYOUT.authorities}/${'3'.repeat(32)}.pem`;
  expect([...(await readAuthorities(prefix, line(ONE) + line(ONE) + line(gone)))]).toEqual([[ONE, 'one']]);
  expect([...(await readAuthorities(prefix, 'events {}'))]).toEqual([]);
});

test('those that nothing names any more go; without the folder there is nothing to do', async () => {
  await forgetAuthorities(prefix, new Map());
  await writeAuthorities(
    prefix,
    new Map([
      [ONE, 'one'],
      [TWO, 'two'],
    ]),
  );
  await forgetAuthorities(
    prefix,
    new Map([
      [LAYOUT.config, ''],
      [TWO, 'two'],
    ]),
  );
  expect(await readdir(join(prefix, LAYOUT.authorities))).toEqual([`${'2'.repeat(32)}.pem`]);
});

test('what is not ours stays, and nothing that stays is a failure: what it follows is live already', async () => {
  await writeAuthorities(prefix, new Map([[ONE, 'one']]));
  const folder = join(prefix, LAYOUT.authorities);
  await writeFile(join(folder, 'own.pem'), 'own');
  await mkdir(join(folder, `${'4'.repeat(32)}.pem`));
  await forgetAuthorities(prefix, new Map());
  expect((await readdir(folder)).sort()).toEqual([`${'4'.repeat(32)}.pem`, 'own.pem']);
});
