// The fast reader of YAML says what the library says, or nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineCounter, parseAllDocuments, stringify } from 'yaml';
import { readPlainYaml } from '../../../../src/sources/files/plain-yaml.ts';
import { splitDocuments } from '../../../../src/sources/files/split-documents.ts';

const root = resolve(import.meta.dirname, '../../../..');

function byLibrary(text: string): unknown {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    logLevel: 'silent',
  });
  const [document, ...others] = Array.isArray(documents) ? documents : [];
  if (document === undefined || others.length > 0) return 'not one document';
  if (document.errors.length > 0) return document.errors.map(({ code }) => code);
  if (document.warnings.length > 0) return document.warnings.map(({ code }) => code);
  const { line, col } = lines.linePos(document.contents?.range?.[0] ?? document.range[0]);
  return { value: document.toJS({ maxAliasCount: 100 }), line: line - 1, column: col };
}

/** @returns whether the fast reader was sure. */
function agree(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === null) return false;
  expect({ text, read: { ...plain, column: 1 } }).toStrictEqual({ text, read: byLibrary(text) });
  return true;
}

function manifests(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .flatMap((file) => splitDocuments(readFileSync(join(root, folder, file), 'utf8')))
    .map(({ text }) => text);
}

const samples = [...manifests('deploy'), ...manifests('test/golden')];

test('what lies in deploy/ and test/golden/ is read, and nearly all of it fast', () => {
  const sure = samples.filter(agree);
  expect(sure.length).toBeGreaterThan(samples.length * 0.8);
});

const words = [
  '',
  '~',
  'null',
  'Null',
  'NULL',
  'true',
  'True',
  'TRUE',
  'false',
  'False',
  'yes',
  'no',
  'on',
  'off',
  'y',
  'n',
  '0',
  '-0',
  '+0',
  '1',
  '-1',
  '+1',
  '007',
  '0777',
  '0o17',
  '0x1F',
  '0b1',
  '1_000',
  '1.5',
  '-1.5',
  '.5',
  '5.',
  '1e3',
  '1E-3',
  '.inf',
  '-.inf',
  '.nan',
  '.NaN',
  '.',
  '-',
  '--',
  '---',
  '...',
  '1.2.3',
  '10.0.0.1',
  '12345678901234567890',
  '123456789012345',
  '1234567890123456',
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  '12:30',
  '190:20:30',
  'a:b',
  'a: b',
  'a:',
  ':a',
  'a #b',
  'a#b',
  '#a',
  '"a"',
  "'a'",
  '"a',
  "'a''b'",
  "it's",
  '"a\\nb"',
  '"a\\x41"',
  '"\\u0041"',
  '"a" #b',
  '"a"#b',
  '[]',
  '{}',
  '[a]',
  '[a, b]',
  '[a,b]',
  '["a", 1]',
  '[a, ]',
  '[[a], {b: c}]',
  '{a: b}',
  '{a: 1, b: [2]}',
  '{a: b, a: c}',
  '{"a": b}',
  '{a}',
  '{a:b}',
  '[a: b]',
  '[1.5]',
  '[fd00::1]',
  '[a b]',
  '[-]',
  '[a]b',
  '&a b',
  '*a',
  '!!str 1',
  '!a',
  '|',
  '>',
  '|-',
  '%a',
  '@a',
  '`a`',
  '?',
  '? a',
  '<<',
  '=',
  '8m',
  '/',
  '/a(/|$)(.*)',
  '^/x',
  '$host',
  '*',
  '*.shop',
  '"*.shop"',
  'a, b',
  'a]',
  'ä',
  '€',
  'x-y',
  '-a',
  '- a',
  '-1a',
  '+a',
  '(a)',
  ';',
  '\\',
  'a\\b',
  'a  b',
  "a 'b'",
  '<a>',
  '>=1',
] as const; // prettier-ignore

describe('every value', () => {
  for (const [where, around] of Object.entries<(text: string) => string>({
    'behind a key': (text) => `a: ${text}\nb: 1\n`,
    last: (text) => `a:\n  b: ${text}`,
    'of a list': (text) => `a:\n- ${text}\n- ${text}\n`,
    'behind a key of a list': (text) => `- a: ${text}\n  b: ${text}\n`,
    'below a key': (text) => `a:\n  ${text}\nb: 1\n`,
    'as a key': (text) => `${text}: a\nb: 1\n`,
    'with a comment': (text) => `a: ${text} # c\nb: ${text} #\n`,
    'of a flow list': (text) => `a: [${text}, ${text}]\n`,
    'of a flow mapping': (text) => `a: {x: ${text}, y: ${text} }\n`,
  })) {
    test(`${where}: as the library`, () => {
      const sure = words.filter((word) => agree(around(word)));
      expect(sure.length).toBeGreaterThan(0);
    });
  }
});

const scalar = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
); // prettier-ignore
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('name', 'a.b/c', 'x-y', 'Z', '1', 'true', 'spec'), tie('value'), {
      maxKeys: 4,
    }),
  ),
}));

test('whatever value is written by the library is read back as it was', () => {
  const style = fc.record({
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE' as const),
    lineWidth: fc.constantFrom(0, 20),
  });
  let sure = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('kind', 'metadata', 'spec'), value),
      style,
      (object, options) => {
        if (agree(stringify(object, options))) sure += 1;
      },
    ),
    { numRuns: 3_000 },
  );
  expect(sure).toBeGreaterThan(100);
});

test('a manifest with a slip of the hand is read as the library reads it, or left to it', () => {
  const piece = fc.constantFrom(
    '\n',
    ' ',
    '  ',
    '\n  ',
    '-',
    '- ',
    ':',
    ': ',
    '#',
    ' #',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '\t',
    '\r',
    '|',
    '>',
    '&a',
    '*a',
    '!',
    '?',
    '---',
    '...',
    '%',
    '\\',
    'a',
    '1',
    '\n\n',
    '\u0085',
    '\u2028',
    '\ufeff',
    'é',
    '~',
    '<<: ',
  ); // prettier-ignore
  const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 3 }), put: fc.oneof(piece, fc.constant('')) });
  let sure = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (sample, edits) => {
        let text = sample.length > 1_500 ? sample.slice(0, 1_500) : sample;
        for (const { at, remove, put } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + remove);
        }
        if (agree(text)) sure += 1;
      },
    ),
    { numRuns: 6_000 },
  );
  expect(sure).toBeGreaterThan(500);
});
