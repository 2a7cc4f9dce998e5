// Which changes never reload, that every compile has a reason, and that plans lead to what is wanted.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RouteBody } from '../../src/model/document.ts';
import type { Location, Model } from '../../src/model/model.ts';
import type { Applied } from '../../src/model/plan.ts';
import type { Rendered } from '../../src/model/rendered.ts';
import { afterPush, compileFailed, compileProven, compileStarted, plan } from '../../src/plan/plan.ts';
import { nextStateDigest, stateDigest } from '../../src/plan/state-digest.ts';
import { undo } from '../../src/plan/undo.ts';
import { createRenderer } from '../../src/render/render.ts';
import { builtinTemplates, PLAIN_LEAF, RUNTIME } from '../unit/render/sample-model.ts';
import { affinity, backend, canary, tameModel } from './sample-worlds.ts';

const render = createRenderer(builtinTemplates());
const NOTHING: Applied = { documents: new Map(), files: null, compiling: null };

function renderAll(model: Model, compile: Iterable<string> = model.servers.keys()): Rendered {
  return render(model, { runtime: RUNTIME, compile: new Set(compile) });
}

/** Plans until there is nothing to do; every compile is proven at once unless told otherwise. */
function converge(from: Applied, rendered: Rendered, proven = true): Applied {
  let applied = from;
  for (let round = 0; round < 4; round += 1) {
    const decision = plan(applied, rendered);
    if (decision.kind === 'nothing') return applied;
    expect(decision.reasons.length).toBeGreaterThan(0);
    applied = afterPush(applied, decision.change);
    if (decision.kind === 'push') continue;
    expect(decision.compile.reasons.length).toBeGreaterThan(0);
    const compiling = compileStarted(applied, decision.compile.files);
    if (!proven) return compileFailed(compiling);
    applied = compileProven(compiling);
  }
  throw new Error('still something to do after four plans');
}

test('endpoints, weights and certificates never touch files', () => {
  const certificates = fc.array(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(tameModel, fc.array(backend, { maxLength: 3 }), certificates, (model, backends, keys) => {
      const applied = converge(NOTHING, renderAll(model));
      const changed: Model = {
        ...model,
        backends: new Map(backends.map((entry) => [entry.id, entry])),
        certificates: new Map(
          keys.map((key, index) => [
            `ns/${'xyz'[index] ?? ''}`,
            { id: `ns/${'xyz'[index] ?? ''}`, chain: key, key, notAfter: '', ...PLAIN_LEAF },
          ]),
        ),
      };
      expect(plan(applied, renderAll(changed)).kind).not.toBe('push+compile');
    }),
  );
});

test('whatever comes, plans end where a fresh start ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(tameModel, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 4 }),
      (worlds) => {
        let applied = NOTHING;
        for (const [model, compiled, proven] of worlds) {
          applied = converge(applied, renderAll(model, compiled ? model.servers.keys() : []), proven);
        }
        const [model] = worlds.at(-1) ?? [];
        if (model === undefined) return;
        const rendered = renderAll(model);
        const end = converge(applied, rendered);
        expect([...end.documents.keys()].sort()).toEqual([...rendered.documents.keys()].sort());
        expect(stateDigest(end.documents.values())).toBe(stateDigest(rendered.documents.values()));
        expect(end.files?.digest).toBe(rendered.files.digest);
      },
    ),
    { numRuns: 60 },
  );
});

test('keys that live files name are there as long as their routes are', () => {
  fc.assert(
    fc.property(tameModel, tameModel, (before, after) => {
      const applied = converge(NOTHING, renderAll(before));
      const rendered = renderAll(after);
      const pending = converge(applied, rendered, false);
      const wanted = new Set(
        [...rendered.documents.keys()]
          .filter((key) => key.startsWith('route:'))
          .map((key) => key.slice(6, key.lastIndexOf('@'))),
      );
      for (const keys of pending.files?.compiled.values() ?? []) {
        for (const [id, key] of keys) expect(pending.documents.has(`route:${key}`)).toBe(wanted.has(id));
      }
    }),
  );
});

test('the digest of the state can be carried along, and undo takes it back', () => {
  fc.assert(
    fc.property(tameModel, tameModel, (before, after) => {
      const applied = converge(NOTHING, renderAll(before));
      const decision = plan(applied, renderAll(after));
      if (decision.kind === 'nothing') return;
      const state = stateDigest(applied.documents.values());
      const next = afterPush(applied, decision.change);
      const carried = nextStateDigest(state, applied.documents, decision.change);
      expect(carried).toBe(stateDigest([...next.documents.values()].reverse()));
      const back = undo(applied.documents, decision.change);
      expect(nextStateDigest(carried, next.documents, back)).toBe(state);
      expect(afterPush(next, back).documents).toEqual(applied.documents);
    }),
  );
});

test('the digest of nothing is zeros', () => {
  expect(stateDigest([])).toBe('0'.repeat(32));
});

test('how backends are balanced, sessions, failover and canaries never touch files', () => {
  const changes = fc.record({
    backends: fc.array(backend, { maxLength: 3 }),
    affinity: fc.option(affinity),
    failover: fc.option(fc.constantFrom('n/x/80', 'n/y/80')),
    canaries: fc.array(canary, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(tameModel, changes, (model, { backends, ...fields }) => {
      const applied = converge(NOTHING, renderAll(model));
      const servers = [...model.servers].map(([host, server]) => {
        const locations = server.locations.map(
          (entry): Location => ({ ...entry, route: { ...entry.route, ...fields } }),
        );
        return [host, { ...server, locations }] as const;
      });
      const changed: Model = {
        ...model,
        servers: new Map(servers),
        backends: new Map(backends.map((entry) => [entry.id, entry])),
      };
      expect(plan(applied, renderAll(changed)).kind).not.toBe('push+compile');
    }),
  );
});

test('what is measured from now on, or no longer, is served by what the files have', () => {
  const measuring = (model: Model, measured: boolean): Model => {
    const servers = [...model.servers].map(([host, server]) => {
      const locations = server.locations.map(({ route, ...entry }): Location => {
        const { measured: _, ...profile } = route.profile;
        return { ...entry, route: { ...route, profile: measured ? { ...profile, measured } : profile } };
      });
      return [host, { ...server, locations }] as const;
    });
    return { ...model, servers: new Map(servers) };
  };
  fc.assert(
    fc.property(tameModel, fc.boolean(), (model, before) => {
      const applied = renderAll(measuring(model, before), []);
      for (const document of renderAll(measuring(model, !before), []).documents.values()) {
        if (document.kind !== 'route') continue;
        const { unlimitedProfile, unmeasuredProfile } = document.body as RouteBody;
        const names = [unlimitedProfile, ...(unmeasuredProfile === undefined ? [] : [unmeasuredProfile])];
        expect(names.some((name) => applied.files.sections.has(`profile ${name}`))).toBe(true);
      }
    }),
  );
});

test('patterns and rewrites come, change and go without a compile', () => {
  const rewritten = (model: Model, host: string, target: string): Model => {
    const server = model.servers.get(host);
    if (server === undefined) return model;
    const locations = server.locations.toReversed().map(
      (location): Location => ({
        ...location,
        match: 'regex',
        path: `${location.path}(${target})`,
        route: {
          ...location.route,
          rewrite: { pattern: location.path, target: [target], forwardedPrefix: null },
        },
      }),
    );
    return { ...model, servers: new Map(model.servers).set(host, { ...server, locations }) };
  };
  fc.assert(
    fc.property(tameModel, (model) => {
      for (const host of model.servers.keys()) {
        if (model.servers.get(host)?.locations.length === 0) continue;
        const before = rewritten(model, host, '/a');
        const applied = converge(NOTHING, renderAll(before));
        expect(applied.files?.compiled.has(host)).toBe(false);
        const decision = plan(applied, renderAll(rewritten(model, host, '/b')));
        expect(decision.kind).toBe('push');
      }
    }),
    { numRuns: 50 },
  );
});

test('a compiled host that becomes one of patterns is compiled away at once, its keys ask the router until then', () => {
  fc.assert(
    fc.property(tameModel, (model) => {
      const applied = converge(NOTHING, renderAll(model));
      for (const [host, keys] of applied.files?.compiled ?? []) {
        const server = model.servers.get(host);
        if (server === undefined) continue;
        const locations = server.locations.map((location): Location => ({ ...location, match: 'regex' }));
        for (const changed of [
          { ...server, locations },
          { ...server, appRoot: '/root' },
        ]) {
          if (changed.locations.length === 0) continue;
          const servers = new Map(model.servers).set(host, changed);
          const decision = plan(applied, renderAll({ ...model, servers }));
          expect(decision).toMatchObject({ kind: 'push+compile', compile: { when: 'now' } });
          if (decision.kind === 'nothing') continue;
          const pushed = afterPush(applied, decision.change);
          for (const key of keys.values()) {
            expect(pushed.documents.get(`route:${key}`)?.body).toMatchObject({ stale: true });
          }
        }
      }
    }),
  );
});
