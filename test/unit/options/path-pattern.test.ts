import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapePattern, pathPattern } from '../../../src/options/grammar/path-pattern.ts';
import { appRoot, rewriteTarget, targetText } from '../../../src/options/grammar/rewrite-target.ts';

const literal = (given: string): string | null => {
  const reading = pathPattern(given);
  return reading.ok ? reading.value.literal : null;
};

test.each([
  ['/', '/'],
  ['/Api', '/api'],
  ['/api(/|$)(.*)', '/api'],
  ['/api.php', '/api'],
  ['/api\\.PHP', '/api.php'],
  ['/users/{id}', '/users/{id}'],
  ['/a?', '/'],
  ['/ab*', '/a'],
  ['/ab{2}', '/a'],
  ['/[ab]', '/'],
  ['/a|/b', ''],
  ['/(a|b)', '/'],
  ['/a\\d', '/a'],
  ['/a$', '/a'],
  ['/a(?i)b', '/a'],
  ['/é', '/é'],
])('whatever %s matches begins with %s', (given, expected) => {
  expect(literal(given)).toBe(expected);
});

test('groups are counted and named as PCRE does', () => {
  const reading = pathPattern('/(a)(?:b)(?<name>c(d))(?P<other>e)(?=f)');
  expect(reading).toMatchObject({ ok: true, value: { groups: [null, 'name', null, 'other'] } });
});

test.each([
  '/[a-z]+/[0-9]{1,3}',
  '/[]^]',
  '/[^]]x',
  '/[-a]',
  '/[a-]',
  '/[[:alpha:]_-]+',
  '/[\\w.-]+',
  '/a++b*?c?+',
  '/(?>a|b)(?!c)(?<!ab|cd)',
  '/(a)\\1',
  '/\\x41',
  '/a{,',
  '/{}',
])('%s is read', (given) => {
  expect(pathPattern(given).ok).toBe(true);
});

test.each([
  ['/(', 'a "(" is not closed'],
  ['/)', 'a ")" without "("'],
  ['/[', 'a "[" is not closed'],
  ['/[]', 'a "[" is not closed'],
  ['/[b-a]', '"b-a" is not a range'],
  ['/[\\d-z]', '"\\d-z" is not a range'],
  ['/[[:nope:]]', 'a class named in "[: :]" is not known'],
  ['/*', null],
  ['/a**', 'a repetition is repeated'],
  ['/(*', 'is not supported here'],
  ['/^*', '"*" stands where nothing can be repeated'],
  ['/(|*)', 'there is nothing before "*"'],
  ['/a{3,1}', '"{3,1}" is not supported'],
  ['/a{2000}', '"{2000}" is not supported'],
  ['/((a{1000}){1000})', 'too large'],
  ['/\\', 'it ends in "\\"'],
  ['/\\1', 'refers to a group'],
  ['/\\10', '"\\1" is not supported'],
  ['/\\Qx', '"\\Q" is not supported'],
  ['/\\Kx', '"\\K" is not supported'],
  ['/\\p{L}', '"\\p" is not supported'],
  ['/(?R)', 'is not supported here'],
  ['/(?1)', 'is not supported here'],
  ['/(?(1)a)', 'is not supported here'],
  ['/(?#x)', 'is not supported here'],
  ['/(?x) a', 'is not supported here'],
  ['/(?<=a*)b', 'varies in length'],
  ['/(?<n>a)(?<n>b)', 'two groups are named n'],
  [`/${'('.repeat(21)}${')'.repeat(21)}`, 'nested deeper than 20'],
  [`/${'(a)'.repeat(51)}`, 'more than 50 groups'],
  ['/é+', '"+" stands where nothing can be repeated'],
] as const)('%s is refused', (given, why) => {
  const reading = pathPattern(given);
  if (why === null) return expect(reading.ok).toBe(true);
  expect(reading).toMatchObject({ ok: false, error: expect.stringContaining(why) });
});

describe('escaped', () => {
  test('any path is a pattern of itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const reading = pathPattern(escapePattern(`/${text}`));
        expect(reading).toMatchObject({ ok: true, value: { plain: true, groups: [] } });
        expect(literal(escapePattern(`/${text}`))).toBe(`/${text}`.replace(/[A-Z]/g, (c) => c.toLowerCase()));
      }),
    );
  });
});

test('no text keeps the parser from an answer', () => {
  const fragment = fc.constantFrom(...'()[]{}*+?|^$.\\-:=!<>P,0127abdQ/ é'.split(''));
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 60 }), (parts) => {
      expect(typeof pathPattern(parts.join('')).ok).toBe('boolean');
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['/$2', ['/', { group: '2' }]],
  ['$1', [{ group: '1' }]],
  ['/a/$10-$name', ['/a/', { group: '1' }, '0-', { group: 'name' }]],
  ['/plain', ['/plain']],
] as const)('the target %s', (given, expected) => {
  const reading = rewriteTarget(given);
  expect(reading).toEqual({ ok: true, value: expected });
  if (reading.ok) expect(targetText(reading.value)).toBe(given);
});

test.each([
  '/$',
  '/$0',
  '/$-',
  '/a b',
  '/a?b=$1',
  '/a#',
  ['/$', '{x}'].join(''),
  '/a\n',
  '/%41',
  'https://x.example/$1',
  'plain',
  '',
])('the target %j is refused', (given) => {
  expect(rewriteTarget(given).ok).toBe(false);
});

test.each([
  ['/start', true],
  ['/start/', true],
  ['/', false],
  ['//', false],
  ['/.', false],
  ['/a/..', false],
  ['start', false],
  ['/a$1', false],
  ['/a b', false],
])('the app-root %s', (given, fits) => {
  expect(appRoot(given).ok).toBe(fits);
});
