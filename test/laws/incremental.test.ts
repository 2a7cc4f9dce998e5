import 'reflect-metadata';
// A pass costs what moved since the one before it, because every step remembers. Whatever comes in whatever order, what
// they say is what fresh ones say: translation, rendering and planning, on maps with and without a known past.
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Ingress, type KubernetesObject, objectName, type Service } from '../../src/model/kubernetes.ts';
import type { Model } from '../../src/model/model.ts';
import { patchMap } from '../../src/model/patched-map.ts';
import type { Applied, Plan } from '../../src/model/plan.ts';
import type { Rendered } from '../../src/model/rendered.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { afterPush, compileFailed, compileProven, compileStarted, plan } from '../../src/plan/plan.ts';
import { createPlanner } from '../../src/plan/planner.ts';
import { createRenderer } from '../../src/render/render.ts';
import { createTranslator } from '../../src/translate/translate.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { builtinTemplates, RUNTIME } from '../unit/render/sample-model.ts';
import { BASE, LIVE, step, world } from './translate-steps.ts';
import { anyObject, OPTIONS } from './translate-world.ts';

const secretData: Record<string, string>[] = [];
beforeAll(async () => {
  const authority = await makeAuthority();
  const pair = await makeLeaf(authority, { names: ['a.example', '*.example'] });
  secretData.push({ 'tls.crt': pair.cert, 'tls.key': pair.key });
});

const templates = builtinTemplates();
const NOTHING: Applied = { documents: new Map(), files: null, compiling: null };

/** As a source with a memory makes it: the map knows what it was made from. */
function patched(snapshot: Snapshot, object: KubernetesObject, remove: boolean): Snapshot {
  const plain = step(snapshot, object, remove);
  const name = objectName(object.metadata);
  const fields = (Object.keys(plain) as (keyof Snapshot)[]).filter((key) => plain[key] !== snapshot[key]);
  return Object.assign(
    { ...snapshot },
    ...fields.map((field) => {
      const map = snapshot[field] as ReadonlyMap<string, KubernetesObject>;
      return { [field]: patchMap(map, [[name, remove ? undefined : object]]) };
    }),
  ) as Snapshot;
}

const sorted = <Value>(map: ReadonlyMap<string, Value>): unknown =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const modelOf = ({ servers, backends, certificates, ...rest }: Model): unknown => ({
  ...rest,
  servers: sorted(servers),
  backends: sorted(backends),
  certificates: sorted(certificates),
});

const renderedOf = ({ files, documents }: Rendered): unknown => ({
  digest: files.digest,
  sections: [...files.sections],
  compiled: [...files.compiled],
  lines: files.lines,
  documents: sorted(documents),
});

const planOf = (decision: Plan): unknown =>
  decision.kind === 'push+compile'
    ? { ...decision, compile: { ...decision.compile, files: decision.compile.files.digest } }
    : decision;

/** Changes of what is served: other paths, values and profiles of one host, and another default backend. */
const lively: fc.Arbitrary<KubernetesObject> = fc.oneof(
  fc
    .record({
      paths: fc.constantFrom(['/'], ['/a'], ['/', '/a']),
      size: fc.constantFrom(null, '1m', '2m'),
      timeout: fc.constantFrom(null, '7', '9'),
    })
    .map(({ paths, size, timeout }) => liveIngress(paths, size, timeout)),
  fc.constantFrom(80, 81).map((port) => nextService(port)),
);

function liveIngress(paths: readonly string[], size: string | null, timeout: string | null): Ingress {
  const [live] = LIVE.filter((object) => object.kind === 'Ingress');
  const [rule] = live?.rules ?? [];
  const [place] = rule?.paths ?? [];
  if (live === undefined || rule === undefined || place === undefined) throw new Error('nothing is live');
  const annotations = {
    ...(size === null ? {} : { 'nginx.ingress.kubernetes.io/proxy-body-size': size }),
    ...(timeout === null ? {} : { 'nginx.ingress.kubernetes.io/proxy-read-timeout': timeout }),
  };
  return {
    ...live,
    tls: [],
    metadata: { ...live.metadata, annotations },
    rules: [{ ...rule, paths: paths.map((path) => ({ ...place, path })) }],
  };
}

function nextService(port: number): Service {
  return {
    kind: 'Service',
    metadata: { name: 'next', namespace: 'default', creationTimestamp: '', annotations: {}, labels: {} },
    type: 'ClusterIP',
    clusterIP: undefined,
    externalName: undefined,
    ports: [{ name: '', protocol: 'TCP', port, targetPort: 8080 }],
  };
}

test('what remembers says what a fresh one says, over the whole street', () => {
  const change = fc.record({
    object: fc.oneof(anyObject(secretData), { weight: 4, arbitrary: lively }),
    remove: fc.nat({ max: 3 }).map((number) => number === 0),
    leap: fc.nat({ max: 9 }),
    compile: fc.constantFrom('all', 'same', 'same', 'none'),
    taken: fc.constantFrom('nothing', 'push', 'push', 'started', 'proven', 'failed'),
    known: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(anyObject(secretData), { maxLength: 8 }),
      fc.array(change, { maxLength: 14 }),
      (objects, changes) => {
        const translate = createTranslator(OPTIONS);
        const render = createRenderer(templates);
        const planner = createPlanner();
        const snapshots = [world([...BASE, ...objects, ...LIVE])];
        let compile = new Set<string>();
        let applied = NOTHING;
        for (const { object, remove, leap, taken, known, ...item } of changes) {
          const from = snapshots.at(leap > 7 ? 0 : -1) ?? world(BASE);
          const snapshot = (known ? patched : step)(from, object, remove);
          snapshots.push(snapshot);
          const model = translate(snapshot);
          expect(modelOf(model)).toEqual(modelOf(createTranslator(OPTIONS)(snapshot)));
          if (item.compile !== 'same')
            compile = new Set(item.compile === 'all' ? [...model.servers.keys()].sort() : []);
          const how = { runtime: RUNTIME, compile };
          const rendered = render(model, how);
          expect(renderedOf(rendered)).toEqual(renderedOf(createRenderer(templates)(model, how)));
          const decision = planner(applied, rendered);
          expect(planOf(decision)).toEqual(planOf(plan(applied, rendered)));
          applied = next(applied, decision, rendered, taken);
        }
      },
    ),
    { numRuns: 120 },
  );
});

/** What becomes of a plan: perhaps nothing, and then the next one has it all to do. */
function next(applied: Applied, decision: Plan, rendered: Rendered, taken: string): Applied {
  if (taken === 'nothing' || decision.kind === 'nothing') return applied;
  const pushed = afterPush(applied, decision.change);
  if (taken === 'push') return pushed;
  const started = compileStarted(pushed, rendered.files);
  if (taken === 'started') return started;
  return taken === 'proven' ? compileProven(started) : compileFailed(started);
}
