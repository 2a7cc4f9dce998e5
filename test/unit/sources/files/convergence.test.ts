import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readFiles } from '../../../../src/sources/files/read-files.ts';
import type { Sandbox } from '../sandbox.ts';
import { configMap, createSandbox, swapData, values, watchSandbox } from '../sandbox.ts';

type Operation =
  | {
      readonly do: 'replace' | 'write';
      readonly file: string;
      readonly names: readonly string[];
      readonly value: string;
    }
  | { readonly do: 'break' | 'delete'; readonly file: string }
  | { readonly do: 'swap'; readonly names: readonly string[] }
  | { readonly do: 'recreate' | 'rename away' | 'wait' };

const file = fc.constantFrom('a.yaml', 'b.yaml', 'sub/c.yaml');
const names = fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('replace', 'write'),
      file,
      names,
      value: fc.string({ maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('break', 'delete'), file }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('swap'), names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('recreate', 'rename away', 'wait') }) },
);

test('whatever is done to a folder, the watcher ends with what a fresh reader sees', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 8 }), async (operations) => {
      const box = await createSandbox();
      const watched = await watchSandbox([box.folder]);
      try {
        for (const [step, one] of operations.entries()) await perform(box, one, step + 1);
        for (const path of ['a.yaml', 'b.yaml', 'sub/c.yaml']) await mend(box, path);
        const fresh = await readFiles([box.folder]);
        const last = await watched.until(
          (snapshot) =>
            JSON.stringify(values(snapshot)) === JSON.stringify(values(fresh)) &&
            JSON.stringify(snapshot.diagnostics) === JSON.stringify(fresh.diagnostics),
        );
        expect(last.configMaps).toEqual(fresh.configMaps);
      } finally {
        watched.stop();
        await box.remove();
      }
    }),
    { numRuns: 20 },
  );
}, 60_000);

const broken = new Set<string>();

async function perform(box: Sandbox, one: Operation, step: number): Promise<void> {
  switch (one.do) {
    case 'replace':
    case 'write': {
      const text = one.names.map((name) => configMap(name, one.value)).join('---\n');
      broken.delete(box.at(one.file));
      if (one.do === 'replace') return await box.put(one.file, text);
      await mkdir(box.at('sub'), { recursive: true });
      return await writeFile(box.at(one.file), text);
    }
    case 'break':
      broken.add(box.at(one.file));
      return await box.put(one.file, `${configMap('p', 'x')}---\n{`);
    case 'delete':
      return await rm(box.at(one.file), { force: true });
    case 'swap':
      return await swapData(box.folder, step, {
        'd.yaml': one.names.map((name) => configMap(name, String(step))).join('---\n'),
      });
    case 'recreate':
      await rm(box.folder, { recursive: true });
      return await mkdir(box.folder);
    case 'rename away':
      await rename(box.folder, `${box.folder}.${step}`);
      await sleep(step % 2 === 0 ? 30 : 0);
      return await mkdir(box.folder);
    case 'wait':
      await sleep(25);
  }
}

/** Where a file is broken, a watcher rightly knows more than a fresh reader: mend it before they are compared. */
async function mend(box: Sandbox, path: string): Promise<void> {
  if (broken.delete(box.at(path))) await box.put(path, configMap('p', 'mended'));
}
