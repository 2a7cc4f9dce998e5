// The reference pages in docs/ are what the declarations say. UPDATE_DOCS=1 rewrites them.
import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { referencePages } from '../../../src/options/reference-tables.ts';

const folder = resolve(import.meta.dirname, '../../../docs/reference');
const pages = referencePages();

if (process.env.UPDATE_DOCS === '1') {
  if (process.env.CI !== undefined) throw new Error('UPDATE_DOCS is refused under CI');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of pages) await writeFile(join(folder, name), text);
}

describe('docs/reference', () => {
  test('holds these pages and no others', async () => {
    expect((await readdir(folder)).sort()).toEqual([...pages.keys()].sort());
  });

  test.each([...pages.keys()])('%s is not stale', (name) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(pages.get(name));
  });
});
