import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFiles } from '../../../../src/sources/files/read-files.ts';
import { splitDocuments } from '../../../../src/sources/files/split-documents.ts';
import type { Sandbox } from '../sandbox.ts';
import { configMap, createSandbox, values } from '../sandbox.ts';

let box: Sandbox;
beforeEach(async () => {
  box = await createSandbox();
});
afterEach(() => box.remove());

test('every manifest at any depth, hidden names left out, many documents and lists flattened', async () => {
  await box.put('a.yaml', `# nothing here\n---\n${configMap('a', '1')}---\n${configMap('b', '2')}---\n`);
  await box.put('deep/er/c.yml', configMap('c', '3'));
  const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd' }, data: { value: '4' } };
  await box.put('list.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [item] }));
  await box.put('.hidden.yaml', configMap('hidden', 'x'));
  await box.put('..data_tmp/x.yaml', configMap('hidden', 'x'));
  await box.put('notes.txt', 'text');
  const snapshot = await readFiles([box.folder]);
  expect(values(snapshot)).toEqual({
    'default/a': '1',
    'default/b': '2',
    'default/c': '3',
    'default/d': '4',
  });
  expect(snapshot.diagnostics).toEqual([]);
});

test('links are followed, in circles not', async () => {
  await box.put('..v1/a.yaml', configMap('a', '1'));
  await symlink('..v1', box.at('..data'));
  await symlink('..data/a.yaml', box.at('a.yaml'));
  await mkdir(box.at('sub'));
  await symlink('..', box.at('sub/up'));
  await symlink('nothing', box.at('gone.yaml'));
  const snapshot = await readFiles([box.folder]);
  expect(values(snapshot)).toEqual({ 'default/a': '1' });
  expect(snapshot.diagnostics).toMatchObject([
    { code: 'file-unreadable', object: `File/${box.at('gone.yaml')}` },
  ]);
});

test('a single file is a fine argument; a folder that is missing is said', async () => {
  await writeFile(box.at('only'), configMap('a', '1'));
  const snapshot = await readFiles([box.at('only'), box.at('missing')]);
  expect(values(snapshot)).toEqual({ 'default/a': '1' });
  expect(snapshot.diagnostics).toMatchObject([
    { code: 'folder-unreadable', object: `File/${box.at('missing')}` },
  ]);
});

test('an object in two files: the first by path, the other is told both names', async () => {
  await box.put('b.yaml', `\n\n---\n${configMap('x', 'second')}`);
  await box.put('a.yaml', configMap('x', 'first'));
  const snapshot = await readFiles([box.folder]);
  expect(values(snapshot)).toEqual({ 'default/x': 'first' });
  expect(snapshot.diagnostics).toMatchObject([
    { code: 'object-duplicate', object: `File/${box.at('b.yaml')}`, field: '4:1' },
  ]);
  expect(snapshot.diagnostics[0]?.message).toContain(box.at('a.yaml'));
  // The order of the arguments goes before that of the paths, and a file reached twice is one file.
  const other = await readFiles([box.at('b.yaml'), box.folder]);
  expect(values(other)).toEqual({ 'default/x': 'second' });
  expect(other.diagnostics).toHaveLength(1);
});

test.each([
  ['a: [1, 2', '1:8'],
  ['a: 1\na: 2', '2:1'],
  ['a:\n\tb: 1', '2:1'],
  ['a: *x', '1:1'],
  ['key: "open', '1:11'],
])('%j: where, and the other documents live', async (bad, field) => {
  await box.put('a.yaml', `${configMap('a', '1')}---\n${bad}\n---\n${configMap('b', '2')}`);
  const snapshot = await readFiles([box.folder]);
  expect(values(snapshot)).toEqual({ 'default/a': '1', 'default/b': '2' });
  const [line, column] = field.split(':').map(Number) as [number, number];
  const shown = snapshot.diagnostics.filter(({ code }) => code === 'file-syntax');
  // The parser reports an open bracket or quote at the end of the text, which is the line of the next marker.
  expect(shown[0]?.object).toBe(`File/${box.at('a.yaml')}`);
  const [shownLine, shownColumn] = (shown[0]?.field ?? '').split(':').map(Number) as [number, number];
  expect(shownLine).toBeGreaterThanOrEqual(7 + line);
  expect(shownLine).toBeLessThanOrEqual(8 + line);
  expect(shownColumn).toBeLessThanOrEqual(column);
});

test('several errors are all said, and none quotes the text', async () => {
  await box.put(
    'a.yaml',
    `kind: Secret\na: 1\na: 2\nb: 1\nb: 2\nstringData:\n  key: |\n    MIIE\n hunter2hunter2\n@hunter2: x\n`,
  );
  const { diagnostics } = await readFiles([box.folder]);
  expect(diagnostics.length).toBeGreaterThan(1);
  expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
});

test('aliases that would explode, nesting without end, text that is not UTF-8: a diagnostic each, quickly', async () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
  );
  await box.put('bomb.yaml', `l0: &l0 [x]\n${levels.join('\n')}\n`);
  await box.put('deep.yaml', '['.repeat(20_000));
  await box.put('deep.json', '['.repeat(20_000));
  await writeFile(box.at('latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
  await box.put('z.yaml', configMap('z', '1'));
  const { diagnostics, ...snapshot } = await readFiles([box.folder]);
  expect(new Set(diagnostics.map(({ object }) => object.replace(/.*\//, '')))).toEqual(
    new Set(['bomb.yaml', 'deep.yaml', 'deep.json', 'latin.yaml']),
  );
  expect(snapshot.configMaps.size).toBe(1);
});

test('what is too large is refused: an object, a file; a long list is not', async () => {
  const big = 'x'.repeat(800_000);
  await box.put('big.yaml', configMap('big', big + big));
  await writeFile(box.at('huge.yaml'), '');
  await truncate(box.at('huge.yaml'), 65 * 1024 * 1024);
  const items = ['a', 'b', 'c'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { value: big },
  }));
  await box.put('list.json', JSON.stringify({ kind: 'List', apiVersion: 'v1', items }));
  const snapshot = await readFiles([box.folder]);
  expect([...snapshot.configMaps.keys()]).toEqual(['default/a', 'default/b', 'default/c']);
  expect(snapshot.diagnostics).toMatchObject([
    { code: 'object-too-large', object: `File/${box.at('big.yaml')}` },
    { code: 'file-unreadable', object: `File/${box.at('huge.yaml')}` },
  ]);
});

test('a malformed object is named with its field, one without a name with its place', async () => {
  await box.put(
    'a.yaml',
    `${configMap('a', '1')}---\n${configMap('b', 'x').replace('"x"', 'true')}---\nkind: Service\napiVersion: v1\n---\nreplicas: 3\n`,
  );
  const snapshot = await readFiles([box.folder]);
  expect(snapshot.diagnostics).toMatchObject([
    { object: 'ConfigMap/default/b', field: 'data.value', hint: expect.stringContaining('quotes') },
    { object: `File/${box.at('a.yaml')}`, field: '15:1', code: 'name-invalid' },
    { object: `File/${box.at('a.yaml')}`, field: '18:1', code: 'not-an-object' },
  ]);
  expect(values(snapshot)).toEqual({ 'default/a': '1' });
});

test('merge keys and numbers as keys are read as kubectl reads them', async () => {
  await box.put(
    'a.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx: &x {value: "1"}\ndata:\n  <<: *x\n  80: "y"\n',
  );
  const snapshot = await readFiles([box.folder]);
  expect(snapshot.diagnostics).toEqual([]);
  expect({ ...snapshot.configMaps.get('default/a')?.data }).toEqual({ value: '1', 80: 'y' });
});

test('documents are cut at markers only', () => {
  expect(splitDocuments('a\n---\nb\n--- c\n----\nd\n')).toEqual([
    { text: 'a\n', line: 0 },
    { text: '---\nb\n', line: 1 },
    { text: '--- c\n----\nd\n', line: 3 },
  ]);
  expect(splitDocuments('%YAML 1.2\n---\na\n')).toHaveLength(1);
  expect(splitDocuments('a: 1\r\n---\r\nb: 2\r\n')).toHaveLength(2);
});
