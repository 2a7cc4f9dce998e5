// Every fault that a list or a watch can meet, against a scripted API server: the store ends equal to what the server
// has, nothing vanishes that was not deleted, and no fault costs more requests than it must.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Service } from '../../../../src/model/kubernetes.ts';
import type { KindHealth } from '../../../../src/sources/kubernetes/health.ts';
import { reflect } from '../../../../src/sources/kubernetes/reflector.ts';
import { createStore, type Projected, type Store } from '../../../../src/sources/kubernetes/store.ts';
import type { Timing } from '../../../../src/sources/kubernetes/timing.ts';
import { projectObject } from '../../../../src/sources/project/project-object.ts';
import { answerJson, answerStatus, type SeenRequest, writeEvent } from './support/api-server.ts';
import { createWorld, SHORT, sleep, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

interface Run {
  readonly store: Store<Service>;
  readonly health: () => KindHealth | null;
  readonly changes: string[];
  readonly names: () => string[];
}

function start(timing: Partial<Timing> = {}): Run {
  const all = { ...SHORT, ...timing };
  const changes: string[] = [];
  let health: KindHealth | null = null;
  const store = createStore<Service>({
    project: (raw) => projectObject(raw) as Projected<Service>,
    hold: all.hold,
    onChange: (name, before, after) => {
      if (before !== after) changes.push(`${before === null ? '+' : after === null ? '-' : '~'}${name}`);
    },
  });
  void reflect({
    cluster: world.cluster,
    resource: { kind: 'Service', apiVersion: 'v1', path: '/api/v1/services', query: {}, label: 'Service' },
    store,
    timing: all,
    signal: world.signal,
    log: world.log,
    random: () => 0.5,
    onListed: () => undefined,
    onHealth: (next) => {
      health = next;
    },
  });
  return {
    store,
    changes,
    health: () => health,
    names: () => [...store.objects().keys()].map((name) => name.slice('default/'.length)).sort(),
  };
}

function put(name: string, port = 80, more: Readonly<Record<string, unknown>> = {}): void {
  world.api.put('services', {
    metadata: { name, namespace: 'default', managedFields: [{ manager: 'kubectl' }], ...more },
    spec: { ports: [{ port }] },
  });
}

function remove(name: string): void {
  world.api.remove('services', `default/${name}`);
}

/** Full lists; asking for the newest version takes one object only. */
function lists(): number {
  return world.api.requests.filter(({ isWatch, query }) => !isWatch && query.get('limit') !== '1').length;
}

function watches(): readonly SeenRequest[] {
  return world.api.requests.filter(({ isWatch }) => isWatch);
}

async function watching(run: Run): Promise<void> {
  await until('a watch is open', () => world.api.watches().length === 1 && run.health()?.trouble === null);
}

test('lists in pages, then watches from there with bookmarks and a lifetime', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) put(name);
  const run = start({ pageSize: 2 });
  await watching(run);
  expect(run.names()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(lists()).toBe(3);
  expect(world.api.requests[0]?.query.get('resourceVersion')).toBeNull();
  const [watch] = watches();
  expect(watch?.query.get('resourceVersion')).toBe(String(world.api.version));
  expect(watch?.query.get('allowWatchBookmarks')).toBe('true');
  expect(watch?.query.get('timeoutSeconds')).toBe('9');
  put('f');
  remove('a');
  put('b', 81);
  await until('the events are in', () => run.changes.length === 8);
  expect(run.changes.slice(5)).toEqual(['+default/f', '-default/a', '~default/b']);
  expect(JSON.stringify([...run.store.objects().values()])).not.toContain('kubectl');
});

test('what does not change keeps its identity: objects, and the map', async () => {
  put('a');
  put('b');
  const run = start();
  await watching(run);
  const map = run.store.objects();
  put('a', 80, { annotations: {}, generation: 7 });
  put('b', 81);
  await until('b changed', () => run.changes.includes('~default/b'));
  expect(run.store.objects()).not.toBe(map);
  expect(run.store.objects().get('default/a')).toBe(map.get('default/a'));
  const after = run.store.objects();
  world.api.compact();
  world.api.watches()[0]?.destroy();
  await until('it was listed anew', () => run.health()?.lists === 2);
  expect(run.store.objects()).toBe(after);
});

test('the API server is down at the start: tried again, more and more seldom, and said', async () => {
  await world.api.stop();
  const run = start();
  await until('said', () => run.health()?.trouble === 'the API server refuses connections');
  expect(run.health()?.synced).toBe(false);
  await sleep(300);
  put('a');
  await world.api.start();
  await watching(run);
  expect(run.names()).toEqual(['a']);
  expect(world.warnings).toEqual(['the API server refuses connections']);
});

test('down in the middle: what is known stays, and the watch is resumed without a list', async () => {
  put('a');
  const run = start();
  await watching(run);
  await world.api.stop();
  await until('said', () => run.health()?.trouble !== null);
  expect(run.names()).toEqual(['a']);
  put('b');
  await world.api.start();
  await until('b', () => run.names().includes('b'));
  expect(lists()).toBe(1);
  expect(run.changes).toEqual(['+default/a', '+default/b']);
});

test('the server ends a watch in order: resumed at once from the last version, bookmarks included', async () => {
  put('a');
  const run = start();
  await watching(run);
  await sleep(SHORT.firstPause * 2);
  world.api.bookmark('services');
  const bookmarked = String(world.api.version);
  await sleep(20);
  world.api.watches()[0]?.end();
  await until('resumed', () => watches().length === 2);
  expect(watches()[1]?.query.get('resourceVersion')).toBe(bookmarked);
  expect(lists()).toBe(1);
  expect(run.health()?.restarts).toEqual({ ended: 1 });
});

test('a server that ends every watch at once is not asked in a circle', async () => {
  world.api.script((request, response) => {
    if (!request.isWatch) return false;
    response.writeHead(200).end();
    return true;
  });
  start();
  await sleep(600);
  // 15, 30, 60, 120, 120, … milliseconds between them.
  expect(watches().length).toBeGreaterThan(3);
  expect(watches().length).toBeLessThan(12);
});

test.each([
  ['as the status of the answer', false],
  ['within the stream', true],
])('410 %s: listed anew, what was deleted meanwhile goes, the rest stays as it is', async (_, inStream) => {
  for (const name of ['a', 'b', 'c']) put(name);
  const run = start();
  await watching(run);
  const kept = run.store.objects().get('default/a');
  await sleep(SHORT.firstPause * 2);
  world.api.remove('services', 'default/b', { silently: true });
  world.api.compact();
  const [watch] = world.api.watches();
  if (inStream && watch !== undefined) writeEvent(watch, 'ERROR', { code: 410, reason: 'Expired' });
  else watch?.end();
  await until('b is gone', () => run.names().join() === 'a,c');
  expect(run.store.objects().get('default/a')).toBe(kept);
  expect(run.changes.slice(3)).toEqual(['-default/b']);
  expect(lists()).toBe(2);
});

test('410 again and again: lists come more and more seldom', async () => {
  world.api.script((request, response) => {
    if (!request.isWatch) return false;
    answerStatus(response, 410, 'Expired', 'too old');
    return true;
  });
  start();
  await sleep(600);
  expect(lists()).toBeGreaterThan(3);
  expect(lists()).toBeLessThan(12);
});

test('another error within the stream: listed anew', async () => {
  put('a');
  const run = start();
  await watching(run);
  world.api.remove('services', 'default/a', { silently: true });
  const [watch] = world.api.watches();
  if (watch !== undefined) writeEvent(watch, 'ERROR', { code: 500, message: 'etcdserver: no leader' });
  await until('a is gone', () => run.names().length === 0);
  await watching(run);
  expect(world.warnings).toEqual([
    'the API server cannot go on watching Service (500): "etcdserver: no leader"',
  ]);
});

test('410 on the second page: one full list instead, and nothing of the half one', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) put(name);
  world.api.script((request, response) => {
    if (!request.query.has('continue')) return false;
    answerStatus(response, 410, 'Expired', 'the provided continue parameter is too old');
    return true;
  });
  const run = start({ pageSize: 2 });
  await watching(run);
  expect(run.names()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(world.api.requests.filter(({ isWatch }) => !isWatch).map(({ query }) => query.toString())).toEqual([
    'limit=2',
    'limit=2&continue=2',
    '',
  ]);
});

test.each([429, 500, 503])('%i on the watch: the version is kept, no list', async (status) => {
  put('a');
  const run = start();
  await watching(run);
  await sleep(SHORT.firstPause * 2);
  let refused = 0;
  world.api.script((request, response) => {
    if (!request.isWatch || refused >= 3) return false;
    refused += 1;
    answerStatus(response, status, '', 'not now');
    return true;
  });
  world.api.watches()[0]?.end();
  put('b');
  await until('b', () => run.names().includes('b'));
  expect(refused).toBe(3);
  expect(lists()).toBe(1);
  expect(run.health()?.trouble).toBeNull();
});

test('Retry-After is honoured', async () => {
  const at: number[] = [];
  world.api.script((_, response) => {
    at.push(performance.now());
    if (at.length > 1) return false;
    response.setHeader('retry-after', '1');
    answerStatus(response, 429, 'TooManyRequests', 'slow down');
    return true;
  });
  await watching(start());
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(990);
});

test('403 is no empty list: what is known stays, it is said, and it is tried again', async () => {
  put('a');
  const run = start();
  await watching(run);
  await sleep(SHORT.firstPause * 2);
  const allow = world.api.script((_, response) => {
    answerStatus(response, 403, 'Forbidden', 'services is forbidden: User "x" cannot list');
    return true;
  });
  world.api.compact();
  world.api.watches()[0]?.end();
  await until('said', () => (run.health()?.trouble ?? '').startsWith('we may not watch Service (403)'));
  await sleep(200);
  expect(run.names()).toEqual(['a']);
  allow();
  await watching(run);
  expect(run.changes).toEqual(['+default/a']);
});

test('404 of the whole kind: said, and listed as soon as it is there', async () => {
  const appear = world.api.script((_, response) => {
    answerStatus(response, 404, 'NotFound', 'the server could not find the requested resource');
    return true;
  });
  put('a');
  const run = start();
  await until('said', () =>
    (run.health()?.trouble ?? '').includes('does not know how to list Service (404)'),
  );
  expect(run.health()?.synced).toBe(false);
  appear();
  await watching(run);
  expect(run.names()).toEqual(['a']);
});

test('a silent watch is resumed, not listed anew; frozen events arrive', async () => {
  put('a');
  const run = start({ watchIdle: 150 });
  await watching(run);
  world.api.freeze();
  put('b');
  await until('given up', () => watches().length > 1);
  world.api.thaw();
  await until('b', () => run.names().includes('b'));
  expect(lists()).toBe(1);
  expect(run.health()?.restarts.idle).toBeGreaterThan(0);
});

test('a list that is taken and never answered has a deadline', async () => {
  put('a');
  let held = 0;
  world.api.script(() => {
    held += 1;
    return held === 1;
  });
  const run = start({ headersTimeout: 100 });
  await watching(run);
  expect(run.names()).toEqual(['a']);
  expect(world.warnings).toEqual(['the API server took the request and gave no answer in time']);
});

test('a list that stops in the middle of its body has one, too, and changes nothing', async () => {
  put('a');
  let held = 0;
  world.api.script((_, response) => {
    held += 1;
    if (held > 1) return false;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"kind":"ServiceList","metadata":{"resourceVersion":"1"},"items":[');
    return true;
  });
  const run = start({ bodyTimeout: 100 });
  await watching(run);
  expect(run.changes).toEqual(['+default/a']);
});

test('reset within an event: the half of it is never applied, the whole of it arrives', async () => {
  put('a');
  const run = start();
  await watching(run);
  await sleep(SHORT.firstPause * 2);
  world.api.freeze();
  put('b');
  const [watch] = world.api.watches();
  watch?.write('{"type":"ADDED","object":{"metadata":{"name":"b","namespace":"default","resourceVersion":"9');
  await sleep(10);
  watch?.destroy();
  await until('asked again', () => watches().length > 1);
  world.api.thaw();
  await until('b', () => run.names().includes('b'));
  expect(lists()).toBe(1);
});

test.each([
  ['no JSON', '{"type":"ADDED","object":{"metadata"\n'],
  ['no event', '[]\n'],
  ['no version', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n'],
  ['no name', '{"type":"ADDED","object":{"metadata":{"resourceVersion":"5"}}}\n'],
  ['an unknown type', '{"type":"MOVED","object":{"metadata":{"name":"x","resourceVersion":"5"}}}\n'],
  ['a line without end', 'x'.repeat(9 * 1024 * 1024)],
])('a line that is %s: what came with it may be lost, so it is listed anew', async (_, text) => {
  put('a');
  const run = start();
  await watching(run);
  world.api.freeze();
  put('b');
  world.api.watches()[0]?.write(text);
  await until('b', () => run.names().includes('b'));
  expect(lists()).toBe(2);
  expect(world.warnings.join()).toContain('listing anew');
});

test('characters that arrive in two pieces, and several events in one', async () => {
  const run = start();
  await watching(run);
  const event = (name: string, version: string): string =>
    `${JSON.stringify({
      type: 'ADDED',
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name,
          namespace: 'default',
          resourceVersion: version,
          annotations: { note: 'größe 日本' },
        },
        spec: {},
      },
    })}\n`;
  const bytes = Buffer.from(`${event('a', '2000')}${event('b', '2001')}\n${event('c', '2002')}`);
  for (let start = 0; start < bytes.length; start += 41) {
    world.api.watches()[0]?.write(bytes.subarray(start, start + 41));
    await sleep(1);
  }
  await until('all', () => run.names().join() === 'a,b,c');
  expect(run.store.objects().get('default/b')?.metadata.annotations.note).toBe('größe 日本');
});

test('a list that lacks everything is not believed before another one says so', async () => {
  for (const name of ['a', 'b', 'c']) put(name);
  const run = start({ hold: 300 });
  await watching(run);
  for (const name of ['a', 'b', 'c']) world.api.remove('services', `default/${name}`, { silently: true });
  world.api.compact();
  world.api.watches()[0]?.end();
  await until('said', () => run.health()?.held !== null && run.health()?.held !== undefined);
  expect(run.health()?.held).toContain('lacked 3 objects');
  expect(run.names()).toEqual(['a', 'b', 'c']);
  await watching(run);
  // Changes go on meanwhile, and what is there after all stays.
  put('d');
  put('b', 90);
  await until('d', () => run.names().includes('d'));
  expect(run.names()).toEqual(['a', 'b', 'c', 'd']);
  await until('confirmed', () => run.names().join() === 'b,d');
  await until('said to be over', () => run.health()?.held === null);
});

test('objects that come back by the second list were never gone', async () => {
  for (let number = 0; number < 30; number += 1) put(`s${number}`);
  const run = start({ hold: 200 });
  await watching(run);
  const restore = world.api.script((request, response) => {
    if (request.isWatch) return false;
    const metadata = { resourceVersion: String(world.api.version) };
    answerJson(response, 200, { kind: 'ServiceList', metadata, items: [] });
    return true;
  });
  world.api.compact();
  world.api.watches()[0]?.end();
  await until('said', () => (run.health()?.held ?? null) !== null);
  restore();
  await until('over', () => run.health()?.held === null);
  expect(run.names()).toHaveLength(30);
  expect(run.changes.filter((change) => !change.startsWith('+'))).toEqual([]);
});

test('etcd was restored from a backup: the older state is noticed, and listed', async () => {
  for (const name of ['a', 'b', 'c', 'd']) put(name);
  const run = start();
  await watching(run);
  await world.api.stop();
  world.api.remove('services', 'default/d', { silently: true });
  world.api.version = 500;
  await world.api.start();
  await until('d is gone', () => run.names().join() === 'a,b,c');
  await watching(run);
  expect(watches().at(-1)?.query.get('resourceVersion')).toBe('500');
});

test('a version that is too large for the server: listed anew', async () => {
  const run = start();
  await watching(run);
  await sleep(SHORT.firstPause * 2);
  let refused = 0;
  world.api.script((request, response) => {
    if (!request.isWatch || refused > 0) return false;
    refused += 1;
    answerStatus(response, 504, 'Timeout', 'Too large resource version: 1000, current: 500');
    return true;
  });
  world.api.watches()[0]?.end();
  await until('refused', () => refused === 1);
  await watching(run);
  expect(lists()).toBe(2);
});

test('made anew under the same name: another object, and the late end of the first does not touch it', async () => {
  put('a', 80, { uid: 'first' });
  const run = start();
  await watching(run);
  const first = run.store.objects().get('default/a');
  remove('a');
  put('a', 80, { uid: 'second' });
  await until('second', () => run.changes.length === 3);
  expect(run.changes).toEqual(['+default/a', '-default/a', '+default/a']);
  expect(run.store.objects().get('default/a')).not.toBe(first);
  const [watch] = world.api.watches();
  if (watch === undefined) throw new Error('no watch');
  const metadata = { name: 'a', namespace: 'default', uid: 'first', resourceVersion: '9000' };
  writeEvent(watch, 'DELETED', { metadata });
  put('b');
  await until('b', () => run.names().includes('b'));
  expect(run.names()).toEqual(['a', 'b']);
});

test('a malformed object: said, and its last good form stays until it is mended or removed', async () => {
  put('a', 80);
  const run = start();
  await watching(run);
  world.api.put('services', { metadata: { name: 'a', namespace: 'default' }, spec: { ports: 'none' } });
  world.api.put('services', { metadata: { name: 'b', namespace: 'default' }, spec: { ports: 'none' } });
  await until('said', () => run.store.diagnostics().length === 3);
  expect(run.store.diagnostics().map(({ code, object }) => `${object} ${code}`)).toEqual([
    'Service/default/a field-invalid',
    'Service/default/a object-kept',
    'Service/default/b field-invalid',
  ]);
  expect(run.store.objects().get('default/a')?.ports[0]?.port).toBe(80);
  expect(run.names()).toEqual(['a']);
  put('a', 81);
  remove('b');
  await until('mended', () => run.store.diagnostics().length === 0);
  expect(run.store.objects().get('default/a')?.ports[0]?.port).toBe(81);
});

test('a full list from time to time finds what no watch told', async () => {
  put('a');
  put('b');
  const run = start({ relistEvery: 150 });
  await watching(run);
  world.api.remove('services', 'default/b', { silently: true });
  await until('b is gone', () => run.names().join() === 'a');
});

test('the end during a list opens no watch', async () => {
  let reached = false;
  world.api.script((_, response) => {
    reached = true;
    setTimeout(() => answerJson(response, 200, { metadata: { resourceVersion: '1' }, items: [] }), 50);
    return true;
  });
  start();
  await until('asked', () => reached);
  await world.end();
  await sleep(100);
  expect(watches()).toEqual([]);
  world = await createWorld();
});
