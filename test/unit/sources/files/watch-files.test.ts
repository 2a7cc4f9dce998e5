import { appendFile, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFiles } from '../../../../src/sources/files/read-files.ts';
import type { Sandbox, Watched } from '../sandbox.ts';
import { configMap, createSandbox, swapData, values, watchSandbox } from '../sandbox.ts';

let box: Sandbox;
let watched: Watched | undefined;
beforeEach(async () => {
  box = await createSandbox();
});
afterEach(async () => {
  watched?.stop();
  await box.remove();
});

test('the first Snapshot has everything; each change is one more; nothing is said twice', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  await box.put('b.yaml', configMap('b', '1'));
  watched = await watchSandbox([box.folder]);
  expect(watched.all.map(values)).toEqual([{ 'default/a': '1', 'default/b': '1' }]);
  await box.put('a.yaml', configMap('a', '2'));
  await watched.until((snapshot) => values(snapshot)['default/a'] === '2');
  await box.put('a.yaml', `# only a comment\n${configMap('a', '2')}`);
  await rm(box.at('b.yaml'));
  await watched.until((snapshot) => snapshot.configMaps.size === 1);
  expect(watched.all).toHaveLength(3);
});

test('what did not change keeps its identity', async () => {
  await box.put(
    'a.yaml',
    `${configMap('a', '1')}---\n${configMap('b', '1')}---\nkind: List\napiVersion: v1\nitems: []\n`,
  );
  await box.put(
    's.yaml',
    'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n',
  );
  watched = await watchSandbox([box.folder]);
  const before = watched.latest();
  await box.put('a.yaml', `# moved down\n${configMap('b', '1')}---\n${configMap('a', '2')}`);
  const after = await watched.until((snapshot) => values(snapshot)['default/a'] === '2');
  expect(after.configMaps).not.toBe(before.configMaps);
  expect(after.configMaps.get('default/b')).toBe(before.configMaps.get('default/b'));
  expect(after.services).toBe(before.services);
  expect(after.diagnostics).toBe(before.diagnostics);
  // An object that moves to another file is the same object still.
  await box.put(
    'c.yaml',
    'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n',
  );
  await rm(box.at('s.yaml'));
  await sleep(150);
  for (const snapshot of watched.all) expect(snapshot.services).toBe(before.services);
  expect(watched.latest().diagnostics).toBe(before.diagnostics);
});

test('a file that stops parsing keeps its objects, its good documents live on, and it recovers', async () => {
  await box.put('a.yaml', `${configMap('a', '1')}---\n${configMap('b', '1')}`);
  watched = await watchSandbox([box.folder]);
  const a = watched.latest().configMaps.get('default/a');
  await box.put('a.yaml', `${configMap('a', '1').replace('data:', 'data: [')}---\n${configMap('b', '2')}`);
  const broken = await watched.until((snapshot) => snapshot.diagnostics.length > 0);
  expect(broken.configMaps.get('default/a')).toBe(a);
  expect(values(broken)['default/b']).toBe('2');
  expect(broken.diagnostics.map(({ code }) => code).sort()).toContain('file-kept');
  expect(broken.diagnostics.find(({ code }) => code === 'file-kept')?.message).toContain(
    'ConfigMap/default/a',
  );
  await box.put('a.yaml', configMap('b', '3'));
  const fixed = await watched.until((snapshot) => snapshot.diagnostics.length === 0);
  expect(values(fixed)).toEqual({ 'default/b': '3' });
});

test('a malformed object keeps its last good form, and leaves with its file', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  watched = await watchSandbox([box.folder]);
  const a = watched.latest().configMaps.get('default/a');
  await box.put('a.yaml', configMap('a', '1').replace('"1"', '10'));
  const bad = await watched.until((snapshot) => snapshot.diagnostics.length > 0);
  expect(bad.configMaps.get('default/a')).toBe(a);
  expect(bad.diagnostics).toMatchObject([
    { code: 'object-kept', object: 'ConfigMap/default/a', field: '' },
    { code: 'field-invalid', object: 'ConfigMap/default/a', field: 'data.value' },
  ]);
  await rm(box.at('a.yaml'));
  await watched.until((snapshot) => snapshot.configMaps.size === 0 && snapshot.diagnostics.length === 0);
});

test('a file that is removed and written anew, or moved, is never missed', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  watched = await watchSandbox([box.folder]);
  for (let round = 2; round < 8; round += 1) {
    await rm(box.at('a.yaml'));
    if (round % 2 === 0) await sleep(15);
    await writeFile(box.at('a.yaml'), configMap('a', String(round)));
    await watched.until((snapshot) => values(snapshot)['default/a'] === String(round));
  }
  await rename(box.at('a.yaml'), box.at('z.yaml'));
  await sleep(150);
  for (const snapshot of watched.all) {
    expect(snapshot.configMaps.size).toBe(1);
    expect(snapshot.diagnostics).toEqual([]);
  }
  await rm(box.at('z.yaml'));
  await watched.until((snapshot) => snapshot.configMaps.size === 0);
});

test('a file that cannot be read keeps its objects', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  watched = await watchSandbox([box.folder]);
  await symlink('a.yaml', box.at('.loop'));
  await rename(box.at('.loop'), box.at('a.yaml'));
  const bad = await watched.until((snapshot) => snapshot.diagnostics.length > 0);
  expect(values(bad)).toEqual({ 'default/a': '1' });
  expect(bad.diagnostics).toMatchObject([{ code: 'file-unreadable', object: `File/${box.at('a.yaml')}` }]);
  await box.put('a.yaml', configMap('a', '2'));
  const good = await watched.until((snapshot) => snapshot.diagnostics.length === 0);
  expect(values(good)).toEqual({ 'default/a': '2' });
});

test('half-written files take nothing away', async () => {
  await box.put('a.yaml', `${configMap('a', '1')}---\n${configMap('b', '1')}`);
  watched = await watchSandbox([box.folder]);
  const file = await open(box.at('a.yaml'), 'w');
  // Good YAML at each step, and never silent for 50 ms.
  for (const part of [configMap('a', '2'), '---\n', configMap('b', '2'), '---\n', configMap('c', '2')]) {
    await file.write(part);
    await sleep(15);
  }
  await file.close();
  await watched.until((snapshot) => snapshot.configMaps.size === 3);
  expect(watched.all.map(({ configMaps }) => configMaps.size)).toEqual([2, 3]);
  await appendFile(box.at('a.yaml'), `---\n${configMap('d', '2')}`);
  await watched.until((snapshot) => snapshot.configMaps.size === 4);
});

test('swaps of a ConfigMap mount, single, double and triple, are all seen', async () => {
  await swapData(box.folder, 1, { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') });
  watched = await watchSandbox([box.folder]);
  let version = 1;
  for (const burst of [1, 2, 1, 2, 2, 1, 3, 1, 1]) {
    for (let swap = 0; swap < burst; swap += 1) {
      version += 1;
      const value = String(version);
      await swapData(box.folder, version, {
        'a.yaml': configMap('a', value),
        'b.yaml': configMap('b', value),
      });
    }
    const expected = String(version);
    await watched.until((snapshot) => values(snapshot)['default/a'] === expected);
  }
  // Both files come from the same swap in every Snapshot, and none was ever without them.
  for (const snapshot of watched.all) {
    const seen = values(snapshot);
    expect(Object.keys(seen)).toEqual(['default/a', 'default/b']);
    expect(seen['default/a']).toBe(seen['default/b']);
    expect(snapshot.diagnostics).toEqual([]);
  }
});

test('a folder that vanishes keeps its objects; back again and empty means empty; then it is live', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  watched = await watchSandbox([box.folder]);
  await rm(box.folder, { recursive: true });
  // `rm -r` removes the file before the folder, so the file may be seen to leave first; a rename is one step.
  await mkdir(box.folder);
  await box.put('a.yaml', configMap('a', '2'));
  await watched.until((snapshot) => values(snapshot)['default/a'] === '2');
  await rename(box.folder, `${box.folder}.away`);
  const gone = await watched.until((snapshot) => snapshot.diagnostics.length > 0);
  expect(values(gone)).toEqual({ 'default/a': '2' });
  expect(gone.diagnostics).toMatchObject([{ code: 'folder-unreadable', object: `File/${box.folder}` }]);
  await mkdir(box.folder);
  await watched.until((snapshot) => snapshot.configMaps.size === 0 && snapshot.diagnostics.length === 0);
  await sleep(50);
  await box.put('sub/b.yaml', configMap('b', '1'));
  await watched.until((snapshot) => values(snapshot)['default/b'] === '1');
  await rm(box.at('sub'), { recursive: true });
  await watched.until((snapshot) => snapshot.configMaps.size === 0);
});

test('a folder that is a link may be pointed elsewhere', async () => {
  await box.put('v1/a.yaml', configMap('a', '1'));
  await box.put('v2/a.yaml', configMap('a', '2'));
  await symlink('v1', box.at('current'));
  watched = await watchSandbox([box.at('current')]);
  await symlink('v2', box.at('next'));
  await rename(box.at('next'), box.at('current'));
  await watched.until((snapshot) => values(snapshot)['default/a'] === '2');
  await box.put('v2/b.yaml', configMap('b', '1'));
  await watched.until((snapshot) => snapshot.configMaps.size === 2);
});

test('a single file is watched through replacement', async () => {
  await box.put('a.yaml', configMap('a', '1'));
  watched = await watchSandbox([box.at('a.yaml')]);
  for (const value of ['2', '3', '4']) {
    await box.put('a.yaml', configMap('a', value));
    await watched.until((snapshot) => values(snapshot)['default/a'] === value);
  }
  await writeFile(box.at('a.yaml'), configMap('a', '5'));
  await watched.until((snapshot) => values(snapshot)['default/a'] === '5');
  expect(values(await readFiles([box.at('a.yaml')]))).toEqual({ 'default/a': '5' });
});

test('after the signal nothing is said any more', async () => {
  watched = await watchSandbox([box.folder]);
  watched.stop();
  await box.put('a.yaml', configMap('a', '1'));
  await sleep(150);
  expect(watched.all).toHaveLength(1);
});
