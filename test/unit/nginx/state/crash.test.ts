import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openDocumentStore } from '../../../../src/nginx/state/document-store.ts';
import { loadDocuments } from '../../../../src/nginx/state/load-documents.ts';
import { backend, delta, withFolder } from './support/sample.ts';

const CHILD = join(import.meta.dirname, 'support/append-forever.ts');

test(
  'killed at any moment, also amid compaction, nothing that was accepted is lost',
  () =>
    withFolder(async (folder) => {
      let accepted = 0;
      for (let round = 0; round < 12; round += 1) {
        const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
        let output = '';
        child.stdout.on('data', (data: Buffer) => {
          output += data;
        });
        await once(child.stdout, 'data');
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
        const last = Number(output.trim().split('\n').at(-1));
        expect(last).toBeGreaterThan(accepted);
        const loaded = await loadDocuments(folder);
        // A batch may be written whose number could not be printed any more.
        expect(loaded.version.generation).toBeGreaterThanOrEqual(last);
        expect(loaded.version.generation).toBeLessThanOrEqual(last + 1);
        const { generation } = loaded.version;
        expect(loaded.documents.get(`backend:b${(generation - 1) % 5}`)?.line).toContain(
          `"port":${generation % 60_000}}`,
        );
        expect(loaded.notes.join()).not.toContain('snapshot');
        accepted = last;
      }
      // What a kill left behind goes with the next compaction.
      const store = await openDocumentStore({ folder, compactAbove: 300, warn: () => {} });
      for (let i = 0; i < 20; i += 1) await store.append(delta(store.version(), [backend('b0', 1 + i)]));
      expect((await store.compact()).outcome).toBe('written');
      await store.close();
      expect((await readdir(folder)).filter((name) => /^\d/.test(name))).toHaveLength(4);
    }),
  60_000,
);
