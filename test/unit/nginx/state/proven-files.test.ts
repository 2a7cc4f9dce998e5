import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { RenderedFiles } from '../../../../src/model/rendered.ts';
import { openProvenFiles } from '../../../../src/nginx/state/proven-files.ts';
import { withFolder } from './support/sample.ts';

const AUTHORITY = 'conf/authorities/0123.pem';

function rendered(text: string): RenderedFiles {
  return {
    texts: new Map([
      ['conf/nginx.conf', text],
      [AUTHORITY, 'PEM'],
    ]),
    digest: createHash('sha256').update(text).digest('hex').slice(0, 32),
    sections: new Map([
      ['main', text],
      ['host __proto__', 'd'],
    ]),
    compiled: new Map([['shop.example', new Map([['default/shop/shop.example/P/', 'key@1']])]]),
    terms: new Map([['shop.example', 'plain p01234567']]),
    lines: [],
  };
}

describe('proven files', () => {
  test('come back as they were saved, keys of every kind included', () =>
    withFolder(async (folder) => {
      const proven = openProvenFiles(folder);
      expect(await proven.readLive()).toBeNull();
      const files = rendered('one');
      expect(await proven.saveProven(files)).toEqual({ outcome: 'saved' });
      const { digest, sections, compiled, terms } = files;
      const manifest = { digest, sections, compiled, terms };
      const authorities = new Map([[AUTHORITY, 'PEM']]);
      const expected = { digest, manifest, text: 'one', authorities, notes: [] };
      expect(await openProvenFiles(folder).readLive()).toEqual(expected);
      expect((await stat(join(folder, digest, 'nginx.conf'))).mode & 0o777).toBe(0o600);
    }));

  test('the newest five are kept, and one proven again is the newest', () =>
    withFolder(async (folder) => {
      const proven = openProvenFiles(folder);
      for (const text of ['1', '2', '3', '4', '5', '6', '2', '7']) await proven.saveProven(rendered(text));
      expect((await proven.readLive())?.text).toBe('7');
      const kept = (await readdir(folder)).filter((name) => name !== 'current').sort();
      expect(kept).toEqual(['4', '5', '6', '2', '7'].map((text) => rendered(text).digest).sort());
    }));

  test.each(['nginx.conf', 'manifest.json'])('a garbled %s: the newest of the others, said so', (name) =>
    withFolder(async (folder) => {
      const proven = openProvenFiles(folder);
      for (const text of ['1', '2', '3']) await proven.saveProven(rendered(text));
      const path = join(folder, rendered('3').digest, name);
      const bytes = await readFile(path);
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await writeFile(path, changed);
        const live = await proven.readLive();
        expect(live?.text).toBe('2');
        expect(live?.notes.join()).toContain('cannot be read as it was written');
      }
      await writeFile(path, bytes.subarray(0, bytes.length - 2));
      expect((await proven.readLive())?.text).toBe('2');
    }),
  );

  test('a garbled or lost name of the live one: the newest', () =>
    withFolder(async (folder) => {
      const proven = openProvenFiles(folder);
      for (const text of ['1', '2']) await proven.saveProven(rendered(text));
      await writeFile(join(folder, 'current'), '../../etc');
      expect(await proven.readLive()).toMatchObject({
        text: '2',
        notes: [expect.stringContaining('names no generation')],
      });
    }));

  test('a folder that cannot be written is an outcome', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      const saved = await openProvenFiles(join(folder, 'file')).saveProven(rendered('1'));
      expect(saved.outcome).toBe('failed');
    }));
});
