// The street is one-way: read from the imports of every file below src/. Third parties stay in their rooms, pure
// rooms reach for nothing, files stay small.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const source = join(root, 'src');

/** Room → rooms whose values it may import. Types of what a room is handed may come from anywhere before it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  options: ['model'],
  sources: ['model', 'options'],
  translate: ['model', 'options'],
  render: ['model'],
  plan: ['model', 'render'],
  nginx: ['model', 'render', 'plan'],
  reconcile: ['model', 'options', 'sources', 'translate', 'render', 'plan', 'nginx'],
  serve: ['model', 'reconcile'],
  cli: ['model', 'options', 'sources', 'translate', 'render', 'plan', 'nginx', 'reconcile', 'serve'],
};

/** Package → folders below src/ that may import it. */
const THIRD_PARTIES: Readonly<Record<string, readonly string[]>> = {
  handlebars: ['render'],
  '@kubernetes/client-node': ['sources/kubernetes'],
  undici: ['sources/kubernetes', 'nginx'],
  execa: ['nginx'],
  chokidar: ['sources'],
  'js-yaml': ['sources', 'cli'],
  yaml: ['sources', 'cli'],
  commander: ['cli'],
  'prom-client': ['serve'],
  '@peculiar/x509': ['nginx', 'cli'],
  'reflect-metadata': ['nginx', 'cli'],
  zod: ['sources', 'nginx', 'options'],
  'ipaddr.js': ['options', 'translate', 'sources', 'cli'],
  pino: ['sources', 'nginx', 'reconcile', 'serve', 'cli'],
};

const PURE = ['model', 'options', 'translate', 'render', 'plan'];
/** Pure functions that happen to live in Node's library. */
const PURE_MODULES = new Set(['node:crypto', 'node:net']);
const IMPURE =
  /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|console\.|setTimeout|setInterval|randomBytes|randomUUID|webcrypto)\b/;

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(source, file), 'utf8')]));
const imports = [...texts].flatMap(([file, text]) => importsOf(file, text));

function importsOf(file: string, text: string): Import[] {
  const room = file.split('/')[0] ?? '';
  const statement = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\bfrom\s+)?'([^']+)'/gm;
  const called = /\bimport\(\s*'([^']+)'\s*\)/g;
  return [
    ...[...text.matchAll(statement)].map(([, type, specifier = '']) => ({
      file,
      room,
      specifier,
      typeOnly: type !== undefined,
    })),
    ...[...text.matchAll(called)].map(([, specifier = '']) => ({ file, room, specifier, typeOnly: false })),
  ];
}

/** Path below src/ that a relative import names. */
function targetOf({ file, specifier }: Import): string {
  return relative(source, resolve(source, dirname(file), specifier));
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

function shown({ file, specifier }: Import): string {
  return `${file} imports ${specifier}`;
}

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(files.length);
  expect(
    importsOf(
      'plan/x.ts',
      "import type { A } from '../a.ts';\nimport b, {\n  c,\n} from 'd';\nimport 'e';\nawait import('f');\nexport { g } from './h.ts';\n",
    ).map(({ specifier, typeOnly }) => [specifier, typeOnly]),
  ).toEqual([
    ['../a.ts', true],
    ['d', false],
    ['e', false],
    ['./h.ts', false],
    ['f', false],
  ]);
});

test('every room is known', () => {
  const rooms = new Set(files.map((file) => file.split('/')[0] ?? ''));
  expect([...rooms].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
});

test('no room imports against the street', () => {
  const against = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter((entry) => {
      const target = targetOf(entry);
      if (target.startsWith('..')) return !target.endsWith('.json');
      const room = target.split('/')[0] ?? '';
      return room !== entry.room && !(MAY_IMPORT[entry.room] ?? []).includes(room);
    });
  expect(against.map(shown)).toEqual([]);
});

test('relative imports end in .ts', () => {
  expect(
    imports
      .filter(({ specifier }) => specifier.startsWith('.') && !/\.(?:ts|json)$/.test(specifier))
      .map(shown),
  ).toEqual([]);
});

test('third parties stay in their rooms', () => {
  const builtin = new Set(builtinModules);
  const foreign = imports.filter(
    ({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'),
  );
  expect(foreign.filter(({ specifier }) => builtin.has(specifier)).map(shown)).toEqual([]);
  const outside = foreign.filter(({ file, specifier }) => {
    const folders = THIRD_PARTIES[packageOf(specifier)] ?? [];
    return !folders.some((folder) => file.startsWith(`${folder}/`));
  });
  expect(outside.map(shown)).toEqual([]);
});

test('pure rooms reach for nothing', () => {
  const reaching = imports.filter(
    ({ room, specifier }) =>
      PURE.includes(room) && specifier.startsWith('node:') && !PURE_MODULES.has(specifier),
  );
  expect(reaching.map(shown)).toEqual([]);
  const impure = [...texts].filter(
    ([file, text]) => PURE.includes(file.split('/')[0] ?? '') && IMPURE.test(withoutComments(text)),
  );
  expect(impure.map(([file, text]) => `${file}: ${IMPURE.exec(withoutComments(text))?.[0] ?? ''}`)).toEqual(
    [],
  );
});

test('every file is of one idea: at most 250 lines, and it begins by saying which', () => {
  expect([...texts].filter(([, text]) => text.split('\n').length > 251).map(([file]) => file)).toEqual([]);
  expect(
    [...texts].filter(([, text]) => !/^(?:#!.*\n)?(?:\/\/|\/\*)/.test(text)).map(([file]) => file),
  ).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
