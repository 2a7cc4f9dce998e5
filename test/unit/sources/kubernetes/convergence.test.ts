// Whatever happens to the API server and the connections, and in whatever order: when it is over, the Snapshot is
// what the server has.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_SNAPSHOT } from '../../../../src/model/snapshot.ts';
import { watchCluster } from '../../../../src/sources/kubernetes/watch-cluster.ts';
import { answerStatus, writeEvent } from './support/api-server.ts';
import { createWorld, SHORT, sleep, until, type World } from './support/world.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constant('put'), fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 })),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant('remove'), fc.constantFrom(...NAMES), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('end'), fc.constant(''), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reset'), fc.constant(''), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('compact'), fc.constant(''), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('garbage'), fc.constant(''), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('error'), fc.constant(''), fc.constantFrom(410, 500)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('refuse'), fc.constant(''), fc.constantFrom(403, 410, 429, 500)),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart'), fc.constant(''), fc.constant(0)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('wait'), fc.constant(''), fc.integer({ min: 0, max: 15 })) },
);

test('the Snapshot ends equal to what the API server has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = await createWorld();
      try {
        await play(world, steps);
      } finally {
        await world.end();
      }
    }),
    { numRuns: 25 },
  );
});

async function play(
  world: World,
  steps: readonly (readonly [string, string, number | boolean])[],
): Promise<void> {
  const { api } = world;
  const truth = new Map<string, number>();
  let last = EMPTY_SNAPSHOT;
  let lost = false;
  void watchCluster({
    cluster: world.cluster,
    namespaces: { kind: 'all' },
    configMap: null,
    defaultSecret: null,
    defaultBackend: null,
    signal: world.signal,
    log: world.log,
    timing: { ...SHORT, hold: 30, longestPause: 20 },
    onSnapshot: (snapshot) => {
      last = snapshot;
    },
    onHealth: () => undefined,
  });
  for (const [what, name, detail] of steps) {
    const watches = api.watches('services');
    switch (what) {
      case 'put':
        truth.set(`default/${name}`, Number(detail));
        api.put('services', {
          metadata: { name, namespace: 'default' },
          spec: { ports: [{ port: detail }] },
        });
        break;
      case 'remove':
        if (!truth.delete(`default/${name}`)) break;
        lost ||= detail === true;
        api.remove('services', `default/${name}`, { silently: detail === true });
        break;
      case 'end':
        for (const watch of watches) watch.end();
        break;
      case 'reset':
        for (const watch of watches) {
          watch.write('{"type":"ADDED","object":{"metadata":{"name":"half');
          watch.destroy();
        }
        break;
      case 'compact':
        api.compact();
        break;
      case 'garbage':
        for (const watch of watches) watch.write('garbage\n');
        break;
      case 'error':
        for (const watch of watches) writeEvent(watch, 'ERROR', { code: detail });
        break;
      case 'refuse': {
        let count = 0;
        api.script((_, response) => {
          count += 1;
          if (count > 2) return false;
          answerStatus(response, Number(detail), '', 'refused');
          return true;
        });
        break;
      }
      case 'restart':
        await api.stop();
        await api.start();
        break;
      default:
        await sleep(Number(detail));
    }
  }
  // What happened unseen can be known from a list only, and a server that lost events forgets their versions.
  if (lost) api.compact();
  for (const watch of lost ? api.watches('services') : []) watch.end();
  const shown = (): string =>
    JSON.stringify([...last.services].map(([name, { ports }]) => `${name} ${ports[0]?.port}`).sort());
  const wanted = JSON.stringify([...truth].map(([name, port]) => `${name} ${port}`).sort());
  await until(`${wanted}, not ${shown()}`, () => shown() === wanted);
  expect(shown()).toBe(wanted);
}
