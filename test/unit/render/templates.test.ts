// What a template may say, and that nothing else gets through.
import { expect, test } from '@jest/globals';
import { renderedText } from '../../../src/render/helpers/rendered-text.ts';
import { TemplateFailure } from '../../../src/render/template-error.ts';
import { compileTemplates, type Templates } from '../../../src/render/templates.ts';
import { readTemplateTexts } from './sample-model.ts';

/** The built-in templates with one more. */
function compileWith(text: string, file = 'extra.hbs'): ReturnType<typeof compileTemplates> {
  return compileTemplates(new Map([...readTemplateTexts(), [file, text]]), new Set([file]));
}

function accepted(text: string): Templates {
  const result = compileWith(text);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.templates;
}

test('the built-in templates compile', () => {
  expect(compileTemplates(readTemplateTexts())).toHaveProperty('templates');
});

test('typed helpers, blocks, comments and static partials are allowed', () => {
  const text = `{{!-- why --}}{{#if on}}{{number a.b}}{{else}}no{{/if}}
{{#each list}}{{token this}}{{#unless @last}},{{/unless}}{{/each}} {{#with a}}{{size b}}{{/with}}
`;
  expect(accepted(text).render('extra.hbs', { on: true, a: { b: 2048 }, list: ['x', 'y'] })).toBe(
    '2048\nx,y 2k\n',
  );
});

test.each([
  ['{{{number x}}}', 1, 1],
  ['{{&number x}}', 1, 1],
  ['{{name}}', 1, 1],
  ['{{this}}', 1, 1],
  ['a\n  {{lookup a b}}', 2, 3],
  ['{{number (size x)}}', 1, 1],
  ['{{number "1"}}', 1, 1],
  ['{{number x y}}', 1, 1],
  ['{{number x a=1}}', 1, 1],
  ['{{number}}', 1, 1],
  ['{{number ../x}}', 1, 1],
  ['{{number @key}}', 1, 1],
  ['{{unknown x}}', 1, 1],
  ['{{> (lookup . "x")}}', 1, 1],
  ['{{> nowhere}}', 1, 1],
  ['{{> profile x y}}', 1, 1],
  ['{{> profile x=1}}', 1, 1],
  ['{{#> layout}}{{/layout}}', 1, 1],
  ['{{#*inline "x"}}{{/inline}}', 1, 1],
  ['{{* decorate}}', 1, 1],
  ['{{#list}}{{/list}}', 1, 1],
  ['{{#each list as |item|}}{{/each}}', 1, 1],
  ['{{#if a}}{{raw}}{{/if}}', 1, 10],
  ['{{#if a}}{{else}}{{raw}}{{/if}}', 1, 18],
  ['{{log x}}', 1, 1],
  ['{{constructor x}}', 1, 1],
  ['{{__proto__ x}}', 1, 1],
  ['{{toString x}}', 1, 1],
])('%s is refused with its place', (text, line, column) => {
  const result = compileWith(text);
  expect(result).toHaveProperty('errors');
  if (!('errors' in result)) return;
  expect(result.errors[0]).toMatchObject({ file: 'extra.hbs', line, column });
});

test.each(['{{#if a}}', '{{/if}}', '{{#if a}}{{/each}}', '{{', '{{number'])(
  '%s: a broken syntax is an error',
  (text) => {
    expect(compileWith(text)).toHaveProperty('errors');
  },
);

test('partials that call each other in a circle are refused', () => {
  const texts = new Map([...readTemplateTexts(), ['a.hbs', '{{> b}}'], ['b.hbs', 'x{{> a}}']]);
  const result = compileTemplates(texts);
  expect('errors' in result && result.errors.map(({ file }) => file)).toEqual(['a.hbs', 'b.hbs']);
});

test('a template that is missing is an error', () => {
  const texts = readTemplateTexts();
  texts.delete('server.hbs');
  expect(compileTemplates(texts)).toMatchObject({ errors: [{ file: 'server.hbs' }] });
});

test.each([
  ['{{number gone}}', 'number: expected a whole number, got nothing'],
  ['{{#if gone}}{{/if}}', 'if: expected true or false, got nothing'],
  ['{{#each gone}}{{/each}}', 'each: expected a list, got nothing'],
  ['{{#with gone}}{{/with}}', 'with: expected an object, got nothing'],
  ['{{text bare}}', 'text: expected text that a template has rendered'],
  ['{{token hostile}}', 'token: expected a word'],
])('%s fails where it stands', (text, message) => {
  const templates = accepted(`\n ${text}`);
  const render = (): string => templates.render('extra.hbs', { bare: 'daemon on;', hostile: 'a; b' });
  expect(render).toThrow(TemplateFailure);
  expect(render).toThrow(`extra.hbs:2:2: ${message}`);
});

test('a failure within a partial names the partial', () => {
  const texts = new Map([
    ...readTemplateTexts(),
    ['outer.hbs', '{{> inner}}'],
    ['inner.hbs', '\n{{number gone}}'],
  ]);
  const result = compileTemplates(texts);
  if ('errors' in result) throw new Error('did not compile');
  expect(() => result.templates.render('outer.hbs', {})).toThrow('inner.hbs:2:1');
});

test('text that looks like rendered text is not', () => {
  const templates = accepted('{{text value}}');
  expect(templates.render('extra.hbs', { value: renderedText('a;\n') })).toBe('a;');
  expect(() => templates.render('extra.hbs', { value: { text: 'a;' } })).toThrow(TemplateFailure);
});
