// Each typed helper: what it writes, and what it refuses.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TYPED_HELPERS } from '../../../src/render/helpers/registry.ts';
import { readDirectives } from '../../../src/render/verify/read-directives.ts';

function help(name: string, value: unknown): string {
  const helper = TYPED_HELPERS[name];
  if (helper === undefined) throw new Error(`no helper ${name}`);
  return helper(value);
}

test.each([
  ['number', 0, '0'],
  ['size', 0, '0'],
  ['size', 1000, '1000'],
  ['size', 1024, '1k'],
  ['size', 1_048_576, '1m'],
  ['size', 3_145_728, '3m'],
  ['size', 1_049_600, '1025k'],
  ['seconds', 60, '60s'],
  ['onOff', true, 'on'],
  ['onOff', false, 'off'],
  ['token', 'auto', 'auto'],
  ['token', 'A:B+C:!D@x=1', 'A:B+C:!D@x=1'],
  ['words', ['error', 'timeout'], 'error timeout'],
  ['path', '/srv/ingress/x.crt', '/srv/ingress/x.crt'],
  ['luaPath', '/srv/?.lua', '/srv/?.lua'],
  ['listen', '80', '80'],
  ['listen', '[::]:443', '[::]:443'],
  ['listen', '10.0.0.1:80', '10.0.0.1:80'],
  ['host', 'shop.example', 'shop.example'],
  ['location', '/a-b/~c.d_e/', '"/a-b/~c.d_e/"'],
  ['key', 'ns/ing/h.example/P/a@0123', '"ns/ing/h.example/P/a@0123"'],
  ['luaString', '/srv/x', '"/srv/x"'],
  ['luaNumber', 64, '64'],
  ['luaStrings', ['a', 'b'], '"a", "b"'],
  ['luaStrings', [], ''],
])('%s %j → %s', (name, value, text) => {
  expect(help(name, value)).toBe(text);
});

test.each([
  ['number', [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined]],
  ['size', [-1, '1m', undefined]],
  ['seconds', [2_147_484, '5s', 0.5]],
  ['onOff', ['on', 1, undefined]],
  ['token', ['', 'a b', 'a;b', 'a{', '$x', 'a"b', 'a\n', 1]],
  ['words', [[], 'error', ['a b'], undefined]],
  ['path', ['', 'a', '/a b', '/a;', '/a\n', '/$x', '/a"', '/é']],
  ['luaPath', ['?.lua', '/a;/b', '/a"']],
  ['listen', ['', 'unix:/x', '80 ssl', '::80', '[::1', 'a:80', '80;']],
  ['host', ['', '*', '*.a', 'A.example', 'a..b', '-a', 'a-', 'a.', '.a', '~a', 'a b', `${'a'.repeat(254)}`]],
  [
    'location',
    [
      '',
      'a',
      '/a b',
      '/a"',
      '/$a',
      '//',
      '/a//b',
      '/.',
      '/..',
      '/a/../b',
      '/a%20b',
      '/a{',
      `/${'a'.repeat(240)}`,
    ],
  ],
  ['key', ['', 'a$b', 'a"b', 'a\\b', 'a b', 'a;', 'a\n', 'é', 'a'.repeat(251)]],
  ['luaString', ['"', '\\', 'a b', '\n', ']]', 1]],
  ['luaStrings', ['a', ['a"']]],
  ['text', ['a', { text: 'a' }, null, undefined]],
])('%s refuses %j', (name, values) => {
  for (const value of values) expect(() => help(name, value)).toThrow(/^expected /);
});

test('whatever a helper accepts is one word for nginx', () => {
  const words = ['token', 'path', 'host', 'location', 'key', 'listen'];
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 12 }), (name, tail) => {
      const value = name === 'path' || name === 'location' ? `/${tail}` : tail;
      let text: string;
      try {
        text = help(name, value);
      } catch {
        return;
      }
      expect(readDirectives(`x ${text};`)).toEqual([
        { name: 'x', args: [value], children: null, lua: null, offset: 0 },
      ]);
    }),
    { numRuns: 2000 },
  );
});
