// Which changes of a compiled host have to be compiled before they are served, and which are served by the balancer
// that asks the router, and are compiled when it is calm.
import { expect, test } from '@jest/globals';
import type { Model } from '../../../src/model/model.ts';
import type { Applied } from '../../../src/model/plan.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { afterPush, compileProven, compileStarted, plan } from '../../../src/plan/plan.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { builtinTemplates, makeModel, makeServer, PROFILE, RUNTIME } from '../render/sample-model.ts';

const templates = builtinTemplates();
const NOTHING: Applied = { documents: new Map(), files: null, compiling: null };
const other = { profile: { ...PROFILE, bodySize: 7 } };

function render(model: Model): Rendered {
  return createRenderer(templates)(model, { runtime: RUNTIME, compile: new Set(model.servers.keys()) });
}

function inForce(rendered: Rendered): Applied {
  const first = plan(NOTHING, rendered);
  if (first.kind !== 'push+compile') throw new Error(`unexpected plan: ${first.kind}`);
  return compileProven(compileStarted(afterPush(NOTHING, first.change), rendered.files));
}

const shop = (paths: string[], fields = {}): Model =>
  makeModel([makeServer('shop.example', paths, fields), makeServer('other.example', ['/'], other)]);

test.each<[string, Model, Model, 'now' | 'calm']>([
  ['one path more', shop(['/']), shop(['/', '/a']), 'calm'],
  ['one path less', shop(['/', '/a']), shop(['/']), 'calm'],
  ['a path for another', shop(['/', '/a']), shop(['/', '/b']), 'calm'],
  ['another profile for all', shop(['/']), shop(['/'], other), 'now'],
  ['a redirect on the plain port', shop(['/']), shop(['/'], { sslRedirect: true }), 'now'],
  ['a path, where the rest ends at nginx', shop(['/a']), shop(['/a', '/b']), 'now'],
  ['everything, where the rest ended at nginx', shop(['/a']), shop(['/a', '/']), 'now'],
])('%s', (_, before, after, when) => {
  const applied = inForce(render(before));
  const rendered = render(after);
  const first = plan(applied, rendered);
  if (first.kind !== 'push+compile') throw new Error(`unexpected plan: ${first.kind}`);
  expect(first.compile.when).toBe(when);
  // As long as the older files are live it stays so, whatever was pushed meanwhile.
  const second = plan(afterPush(applied, first.change), rendered);
  if (second.kind !== 'push+compile') throw new Error(`unexpected plan: ${second.kind}`);
  expect(second.compile.when).toBe(when);
});

test('files of which it is not known what their locations share are compiled at once', () => {
  const applied = inForce(render(shop(['/'])));
  const { terms: _, ...files } = applied.files ?? { digest: '', sections: new Map(), compiled: new Map() };
  const decision = plan({ ...applied, files }, render(shop(['/', '/a'])));
  expect(decision).toMatchObject({ kind: 'push+compile', compile: { when: 'now' } });
});
