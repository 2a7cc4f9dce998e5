import { expect, test } from '@jest/globals';
import type { Location, Server } from '../../../src/model/model.ts';
import { isCompilable, whyInterpreted } from '../../../src/render/compilable.ts';
import { regexCacheEntries } from '../../../src/render/regex-host.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { builtinTemplates, makeModel, makeRoute, makeServer, RUNTIME } from './sample-model.ts';

const pattern = (text: string, whole = false): Location => ({
  match: 'regex',
  path: text,
  literal: { text: '/', whole },
  route: makeRoute(`r${text}`),
});
const withPatterns = (host: string, locations: readonly Location[]): Server => ({
  ...makeServer(host, []),
  locations,
});

test('a host with patterns or an app-root is interpreted, and /state can say why', () => {
  expect(isCompilable(makeServer('a.example', ['/']))).toBe(true);
  for (const server of [
    withPatterns('a.example', [pattern('/x.*')]),
    { ...makeServer('a.example', ['/']), appRoot: '/start' },
  ]) {
    expect(isCompilable(server)).toBe(false);
    expect(whyInterpreted(server)).toContain('rewrite-target');
  }
});

test('the document has the patterns in their order; what is all literal has none', () => {
  const model = makeModel([withPatterns('a.example', [pattern('/b.*'), pattern('/a', true)])]);
  const render = createRenderer(builtinTemplates());
  const { documents, files } = render(model, { runtime: RUNTIME, compile: new Set(['a.example']) });
  expect(documents.get('host:a.example')?.body).toMatchObject({
    exact: {},
    prefix: {},
    regex: [{ literal: '/', pattern: '/b.*' }, { literal: '/' }],
  });
  expect([...files.texts.values()].join('')).not.toContain('/b.*');
});

test('the cache of patterns has room for four times as many, in powers of two', () => {
  const entriesFor = (count: number) => {
    const locations = Array.from({ length: count }, (_, i) => pattern(`/${i}.*`));
    return regexCacheEntries(makeModel([withPatterns('a.example', locations)]));
  };
  expect(entriesFor(0)).toBe(16_384);
  expect(entriesFor(4096)).toBe(16_384);
  expect(entriesFor(4097)).toBe(32_768);
});
