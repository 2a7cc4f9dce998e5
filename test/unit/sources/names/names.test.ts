import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Service } from '../../../../src/model/kubernetes.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { EMPTY_SNAPSHOT } from '../../../../src/model/snapshot.ts';
import { checkName, usableAddresses } from '../../../../src/sources/names/check-name.ts';
import { watchNames } from '../../../../src/sources/names/watch-names.ts';
import { withNames } from '../../../../src/sources/names/with-names.ts';

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
  jest.useRealTimers();
});

describe('which names are looked up', () => {
  test.each(['db.example.com', 'db.example.com.', 'db', 'A-b.example', 'a1.example'])('%s', (name) => {
    expect(checkName(name)).toEqual({ kind: 'name' });
  });
  test.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a_b',
    'http://a',
    'a b',
    'a/b',
    'a:80',
    '127.1',
    '0x7f.1',
    '2130706433',
    'ä.example',
    'a\n',
    `${'a'.repeat(64)}.example`,
  ])('not %j', (name) => expect(checkName(name).kind).toBe('refused'));
  test.each([
    'localhost',
    'LOCALHOST.',
    'x.localhost',
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '169.254.169.254',
    'fe80::1',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
  ])('the gateway itself: %s', (name) =>
    expect(checkName(name)).toMatchObject({ kind: 'refused', message: expect.stringContaining('loopback') }),
  );
  test('an address stands for itself', () => {
    expect(checkName('10.0.0.1')).toEqual({ kind: 'address', address: '10.0.0.1' });
    expect(checkName('2001:DB8:0::1')).toEqual({ kind: 'address', address: '2001:db8::1' });
  });
  test('answers are sorted, and those that are not served are dropped', () => {
    expect(usableAddresses(['10.0.0.2', '127.0.0.1', '10.0.0.1', '10.0.0.2', '::1'])).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ]);
  });
});

test('a name is looked up at once, again and again, and forgotten when nobody asks', async () => {
  jest.useFakeTimers();
  const asked: string[] = [];
  let answer = ['10.0.0.1'];
  let changes = 0;
  const watcher = watchNames({
    signal: stop.signal,
    onChange: () => {
      changes += 1;
    }, // prettier-ignore
    lookup: async (name) => {
      asked.push(name);
      return answer;
    }, // prettier-ignore
  });
  watcher.update(new Set(['a.example']));
  await jest.advanceTimersByTimeAsync(0);
  expect(watcher.states().get('a.example')).toEqual({
    addresses: ['10.0.0.1'],
    problem: null,
    pending: false,
  });
  answer = ['10.0.0.3', '10.0.0.2'];
  await jest.advanceTimersByTimeAsync(5600);
  expect(watcher.states().get('a.example')?.addresses).toEqual(['10.0.0.2', '10.0.0.3']);
  answer = ['10.0.0.2', '10.0.0.3'];
  await jest.advanceTimersByTimeAsync(60_000);
  expect(changes).toBe(2);
  watcher.update(new Set());
  const before = asked.length;
  expect(before).toBeGreaterThan(10);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(before);
  expect(jest.getTimerCount()).toBe(0);
});

test('a failure keeps the last good addresses, is retried with growing pauses, and passes', async () => {
  jest.useFakeTimers();
  let broken = false;
  let asked = 0;
  const watcher = watchNames({
    signal: stop.signal,
    onChange: () => undefined,
    lookup: async () => {
      asked += 1;
      if (broken) throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
      return ['10.0.0.1'];
    },
  });
  watcher.update(new Set(['a.example']));
  await jest.advanceTimersByTimeAsync(10);
  broken = true;
  await jest.advanceTimersByTimeAsync(600_000);
  expect(watcher.states().get('a.example')).toMatchObject({
    addresses: ['10.0.0.1'],
    problem: { kind: 'failed', message: 'the name does not resolve' },
  });
  expect(asked).toBeLessThan(25);
  broken = false;
  await jest.advanceTimersByTimeAsync(70_000);
  expect(watcher.states().get('a.example')).toMatchObject({ addresses: ['10.0.0.1'], problem: null });
});

test('a name that leads to this machine loses its addresses', async () => {
  jest.useFakeTimers();
  let answer = ['10.0.0.1'];
  const watcher = watchNames({ signal: stop.signal, onChange: () => undefined, lookup: async () => answer });
  watcher.update(new Set(['a.example']));
  await jest.advanceTimersByTimeAsync(10);
  answer = ['127.0.0.1'];
  await jest.advanceTimersByTimeAsync(6000);
  expect(watcher.states().get('a.example')).toMatchObject({ addresses: null, problem: { kind: 'refused' } });
});

test('a lookup that hangs holds up nobody but its neighbour in line', async () => {
  jest.useFakeTimers();
  const watcher = watchNames({
    signal: stop.signal,
    onChange: () => undefined,
    lookup: (name) =>
      name === 'slow.example' ? new Promise(() => undefined) : Promise.resolve(['10.0.0.1']),
  });
  watcher.update(new Set(['slow.example', 'a.example', 'b.example', 'c.example']));
  await jest.advanceTimersByTimeAsync(10);
  const pending = [...watcher.states()].filter(([, state]) => state.pending).map(([name]) => name);
  expect(pending).toEqual(['slow.example']);
});

test('the system is asked by default, /etc/hosts included', async () => {
  const refused = await new Promise((resolve) => {
    const watcher = watchNames({
      signal: stop.signal,
      onChange: () => resolve(watcher.states().get('ip6-loopback.')),
    });
    // Whatever this name gives here, loopback or nothing, no address may come of it.
    watcher.update(new Set(['ip6-loopback.']));
  });
  expect(refused).toMatchObject({ addresses: null, pending: false });
});

describe('Snapshots with names', () => {
  test('the first waits for its names, later ones keep identity', async () => {
    jest.useFakeTimers();
    const got: Snapshot[] = [];
    const feed = withNames({
      signal: stop.signal,
      onSnapshot: (snapshot) => got.push(snapshot),
      lookup: () => new Promise((resolve) => setTimeout(() => resolve(['10.0.0.9']), 100)),
    });
    const services = new Map([['default/db', external('db', 'db.example')]]);
    feed({ ...EMPTY_SNAPSHOT, services });
    expect(got).toEqual([]);
    await jest.advanceTimersByTimeAsync(150);
    expect(got).toHaveLength(1);
    expect(got[0]?.resolved).toEqual(new Map([['db.example', ['10.0.0.9']]]));
    expect(got[0]?.services).toBe(services);
    const ingresses = new Map();
    feed({ ...EMPTY_SNAPSHOT, services, ingresses });
    expect(got).toHaveLength(2);
    expect(got[1]?.resolved).toBe(got[0]?.resolved);
    expect(got[1]?.ingresses).toBe(ingresses);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(got).toHaveLength(2);
  });

  test('a name that does not answer delays the first by two seconds, later ones by 0.2, and only until then', async () => {
    jest.useFakeTimers();
    const got: Snapshot[] = [];
    const feed = withNames({
      signal: stop.signal,
      onSnapshot: (snapshot) => got.push(snapshot),
      lookup: () => new Promise(() => undefined),
    });
    feed({ ...EMPTY_SNAPSHOT, services: new Map([['default/db', external('db', 'db.example')]]) });
    await jest.advanceTimersByTimeAsync(1990);
    expect(got).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(20);
    expect(got).toHaveLength(1);
    feed({ ...EMPTY_SNAPSHOT, services: new Map([['default/db', external('db', 'other.example')]]) });
    await jest.advanceTimersByTimeAsync(150);
    feed({ ...EMPTY_SNAPSHOT, services: new Map([['default/x', external('x', 'other.example')]]) });
    await jest.advanceTimersByTimeAsync(60);
    expect(got).toHaveLength(2);
    expect([...(got[1]?.services.keys() ?? [])]).toEqual(['default/x']);
  });

  test('a problem becomes a diagnostic of each Service of that name, among the others in order', async () => {
    jest.useFakeTimers();
    const got: Snapshot[] = [];
    const feed = withNames({
      signal: stop.signal,
      onSnapshot: (snapshot) => got.push(snapshot),
      lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' })),
    });
    const services = new Map([
      ['default/a', external('a', 'a.example')],
      ['default/b', external('b', 'localhost')],
      ['default/c', external('c', '10.1.1.1')],
    ]);
    feed({ ...EMPTY_SNAPSHOT, services });
    await jest.advanceTimersByTimeAsync(10);
    expect(got[0]?.diagnostics).toMatchObject([
      { object: 'Service/default/a', field: 'spec.externalName', code: 'external-name-unresolved' },
      { object: 'Service/default/b', field: 'spec.externalName', code: 'external-name-refused' },
    ]);
    expect(got[0]?.diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(/; requests are answered with 503$/),
      expect.stringMatching(/; requests are answered with 503$/),
    ]);
    expect(got[0]?.resolved).toEqual(
      new Map<string, readonly string[]>([
        ['a.example', []],
        ['localhost', []],
        ['10.1.1.1', ['10.1.1.1']],
      ]),
    );
    await jest.advanceTimersByTimeAsync(60_000);
    expect(got).toHaveLength(1);
  });
});

function external(name: string, externalName: string): Service {
  const metadata = { name, namespace: 'default', creationTimestamp: '', annotations: {}, labels: {} };
  return { kind: 'Service', metadata, type: 'ExternalName', clusterIP: undefined, externalName, ports: [] };
}
