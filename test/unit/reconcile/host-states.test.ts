// What /state says of hosts whose endpoints are spoken to as no live file says yet.
import { expect, test } from '@jest/globals';
import type { Upstream } from '../../../src/model/upstream.ts';
import { afterPush, compileProven, compileStarted, plan } from '../../../src/plan/plan.ts';
import { hostStates } from '../../../src/reconcile/host-states.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { builtinTemplates, makeModel, makeServer, PROFILE, RUNTIME } from '../render/sample-model.ts';

const render = createRenderer(builtinTemplates());
const schedule = { waitingFor: () => null, held: () => null };

const withUpstream = (upstream: Upstream | null, denied: string | null = null) =>
  makeModel([
    makeServer('a.example', ['/'], {
      denied,
      profile: { ...PROFILE, ...(upstream === null ? {} : { upstream }) },
    }),
  ]);
const rendered = (upstream: Upstream | null) =>
  render(withUpstream(upstream), { runtime: RUNTIME, compile: new Set() });

/** What is in force when nginx runs the files of plain HTTP. */
function plainFiles() {
  const nothing = { documents: new Map(), files: null, compiling: null };
  const first = plan(nothing, rendered(null));
  if (first.kind !== 'push+compile') throw new Error(first.kind);
  return compileProven(compileStarted(afterPush(nothing, first.change), first.compile.files));
}

function waitsFor(upstream: Upstream, denied: string | null = null, underWay = false) {
  const applied = plainFiles();
  const wanted = rendered(upstream).files;
  const now = underWay ? compileStarted(applied, wanted) : applied;
  const [state] = hostStates({ model: withUpstream(upstream, denied), applied: now, wanted, schedule })();
  return state?.waitsFor ?? null;
}

test('a protocol that every file has waits for nothing, one that none has for a compile', () => {
  const https: Upstream = { protocol: 'HTTPS', tls: null, fastcgi: null };
  const fastcgi: Upstream = { protocol: 'FCGI', tls: null, fastcgi: { index: null, params: [] } };
  expect(waitsFor(https)).toBe(null);
  const sentence = 'paths whose endpoints are spoken to as no file says yet answer 503 until the';
  expect(waitsFor(fastcgi)).toBe(`${sentence} next compile`);
  expect(waitsFor(fastcgi, null, true)).toBe(`${sentence} compile under way`);
  // A denied route answers 503 whatever the files say.
  expect(waitsFor(fastcgi, 'a gate')).toBe(null);
});
