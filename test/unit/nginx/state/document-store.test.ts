import { execFileSync } from 'node:child_process';
import { mkdir, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type DocumentStore, openDocumentStore } from '../../../../src/nginx/state/document-store.ts';
import { loadDocuments } from '../../../../src/nginx/state/load-documents.ts';
import { backend, delta, full, lines, withFolder } from './support/sample.ts';

const start = { epoch: 1, generation: 1 };

function reopen(folder: string, compactAbove = 1 << 20): Promise<DocumentStore> {
  return openDocumentStore({ folder, compactAbove, warn: () => {} });
}

async function fill(store: DocumentStore, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const written = await store.append(delta(store.version(), [backend(`b${i % 7}`, 1000 + i)]));
    expect(written.outcome).toBe('written');
  }
}

describe('the document store', () => {
  test('reads back what was accepted, from files that only their owner may read', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder);
      await store.append(full(start, [backend('a', 1), backend('b', 2)]));
      await store.append(delta(start, [backend('a', 3)], [backend('b', 2)]));
      await store.close();
      const again = await reopen(folder);
      expect(lines(again.documents)).toEqual([backend('a', 3).line]);
      expect(again.version()).toEqual({ epoch: 1, generation: 2 });
      expect(again.notes).toEqual([]);
      for (const name of await readdir(folder))
        expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      await again.close();
    }));

  test('a delta that does not follow is a bug of the caller', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder);
      await expect(store.append(delta(start, []))).rejects.toThrow('must follow');
      await store.append(full(start, []));
      await expect(store.append(delta({ epoch: 1, generation: 7 }, []))).rejects.toThrow('must follow');
      await store.close();
    }));

  test('a journal cut at any byte gives the set of the last whole batch, and goes on from there', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder);
      await store.append(full(start, [backend('a', 1)]));
      const journal = join(folder, '000001.journal');
      const whole: { size: number; lines: readonly string[] }[] = [
        { size: 0, lines: lines(store.documents) },
      ];
      for (const port of [2, 3, 4]) {
        await store.append(delta(store.version(), [backend('a', port), backend(`n${port}`, port)]));
        whole.push({ size: (await stat(journal)).size, lines: lines(store.documents) });
      }
      await store.close();
      const bytes = await readFile(journal);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        await writeFile(journal, bytes.subarray(0, cut));
        const expected = whole.findLast(({ size }) => size <= cut);
        const loaded = await loadDocuments(folder);
        expect(lines(loaded.documents)).toEqual(expected?.lines);
        expect(loaded.notes).toHaveLength(expected?.size === cut ? 0 : 1);
        if (cut % 37 !== 0) continue;
        const resumed = await reopen(folder);
        await resumed.append(delta(resumed.version(), [backend('later', 9)]));
        await resumed.close();
        const after = await loadDocuments(folder);
        expect(lines(after.documents)).toEqual([...(expected?.lines ?? []), backend('later', 9).line].sort());
        expect(after.notes).toEqual([]);
      }
    }));

  test('compaction changes nothing that is read, and keeps two pairs', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder, 500);
      await store.append(full(start, [backend('a', 1)]));
      expect((await store.compact()).outcome).toBe('unneeded');
      for (let round = 0; round < 4; round += 1) {
        await fill(store, 8);
        expect((await store.compact()).outcome).toBe('written');
        const loaded = await loadDocuments(folder);
        expect(lines(loaded.documents)).toEqual(lines(store.documents));
        expect(loaded.version).toEqual(store.version());
      }
      expect((await readdir(folder)).sort()).toEqual([
        '000004.journal',
        '000004.snapshot',
        '000005.journal',
        '000005.snapshot',
      ]);
      await store.close();
    }));

  test('a garbled snapshot: the previous pair and all journals, said so, and written anew', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder, 500);
      await store.append(full(start, [backend('a', 1)]));
      await fill(store, 8);
      await store.compact();
      await fill(store, 2);
      const before = lines(store.documents);
      await store.close();
      const bytes = await readFile(join(folder, '000002.snapshot'));
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      await writeFile(join(folder, '000002.snapshot'), bytes);
      const again = await reopen(folder);
      expect(lines(again.documents)).toEqual(before);
      expect(again.notes.join('\n')).toMatch(
        /000002\.snapshot cannot be read.*\n.*older documents\/000001\.snapshot is used/,
      );
      await again.close();
      const third = await loadDocuments(folder);
      expect(third.notes).toEqual([]);
      expect(lines(third.documents)).toEqual(before);
    }));

  test('when nothing can be read: no documents, said so, and a full batch begins anew', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, '000003.snapshot'), 'rubbish');
      const store = await reopen(folder);
      expect(store.documents.size).toBe(0);
      expect(store.notes.at(-1)).toContain('No snapshot');
      await store.append(full(start, [backend('a', 1)]));
      await store.close();
      expect((await loadDocuments(folder)).pair).toBe(4);
      expect(await readdir(folder)).not.toContain('000003.snapshot');
    }));

  test('what was retracted leaves the pair of before', () =>
    withFolder(async (folder) => {
      const store = await reopen(folder);
      await store.append(full(start, [backend('a', 1)]));
      await fill(store, 3);
      const before = await loadDocuments(folder);
      store.forget();
      await store.append(full({ epoch: 2, generation: 1 }, [backend('z', 1)]));
      expect(await store.retract()).toEqual({ outcome: 'retracted' });
      expect(store.version()).toEqual(before.version);
      await store.close();
      const after = await loadDocuments(folder);
      expect(lines(after.documents)).toEqual(lines(before.documents));
      expect(after.notes).toEqual([]);
    }));
});

describe('on a disk that is full', () => {
  const mountable = process.getuid?.() === 0;
  (mountable ? test : test.skip)(
    'appends fail as outcomes, the journal stays valid, and room is used again',
    () =>
      withFolder(async (outer) => {
        const folder = join(outer, 'small');
        await mkdir(folder);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
        try {
          await writeFile(join(folder, 'ballast'), Buffer.alloc(20_000));
          const store = await reopen(folder);
          await store.append(full(start, [backend('a', 1)]));
          let failed = false;
          for (let i = 0; i < 500 && !failed; i += 1) {
            failed =
              (await store.append(delta(store.version(), [backend(`b${i}`, 1 + i)]))).outcome === 'failed';
          }
          expect(failed).toBe(true);
          const full64k = await loadDocuments(folder);
          expect(full64k.notes).toEqual([]);
          expect(lines(full64k.documents)).toEqual(lines(store.documents));
          // A snapshot needs room as well: nothing is lost when there is none.
          const big = backend('x'.repeat(60_000), 1);
          expect((await store.append(full({ epoch: 9, generation: 1 }, [big]))).outcome).toBe('failed');
          expect(lines((await loadDocuments(folder)).documents)).toEqual(lines(store.documents));
          await truncate(join(folder, 'ballast'), 0);
          expect((await store.append(delta(store.version(), [backend('room', 1)]))).outcome).toBe('written');
          await store.close();
          const after = await loadDocuments(folder);
          expect(after.notes).toEqual([]);
          expect(lines(after.documents)).toEqual(lines(store.documents));
        } finally {
          execFileSync('umount', [folder]);
        }
      }),
  );

  test('a limit on the size of files (EFBIG, after a short write) is the same', () =>
    withFolder(async (folder) => {
      const child = join(import.meta.dirname, 'support/append-until-failure.ts');
      const output = execFileSync(
        'bash',
        ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, child, folder],
        {
          encoding: 'utf8',
        },
      );
      const said = JSON.parse(output) as { documents: number; message: string };
      expect(said.message).toContain('EFBIG');
      const loaded = await loadDocuments(folder);
      expect(loaded.notes).toEqual([]);
      expect(loaded.documents.size).toBe(said.documents);
      expect(
        (
          await open(join(folder, '000001.journal')).then(
            async (file) => [await file.stat(), await file.close()] as const,
          )
        )[0].size,
      ).toBe(loaded.journalSize);
    }));
});
