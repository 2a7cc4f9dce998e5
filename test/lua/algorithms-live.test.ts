// The algorithms on the real server, with endpoints that are really slow, broken or gone.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { BackendBody } from '../../src/model/document.ts';
import type { Backend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/ports.ts';
import { at, balanced, delta, full, host, MEASURED, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { openShop } from './support/shop.ts';

const NAMES = ['one', 'two', 'three', 'four', 'five'];
const { gateway, upstreams, put } = openShop(NAMES);
const all = () => upstreams().map(({ endpoint }) => endpoint);
const upstream = (name: string) => upstreams()[NAMES.indexOf(name)] as Backend;
const HASHED: Omit<BackendBody, 'endpoints'> = { algorithm: 'chash', hashBy: ['$uri'] };

async function serverOf(target: string, by: Gateway = gateway()): Promise<string> {
  const response = await by.ask('shop.test', target);
  return response.headers['x-backend'] ?? String(response.status);
}

/** Who serves /1 to /`count`. */
const serversOf = (count: number, by: Gateway = gateway()) =>
  Promise.all(Array.from({ length: count }, (_, index) => serverOf(`/${index + 1}`, by)));

/** How many of so many requests each serves, `together` at a time. */
async function shares(requests: number, together: number, by: Gateway = gateway()) {
  const counts: Record<string, number> = {};
  let left = requests;
  const asker = async () => {
    while (left > 0) {
      left -= 1;
      const name = await serverOf('/', by);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: together }, asker));
  return counts;
}

describe('consistent hash', () => {
  test('a URI has its endpoint, whichever worker and gateway are asked, and after a reload', async () => {
    const other = await startGateway({ workers: 1 });
    try {
      const documents = [balanced('b', HASHED, ...all()), route('r', 'b')];
      await put(...documents);
      await other.post(full(at(1, 1), [settings(), host('shop.test', { '/': 'r' }), ...documents]));
      const first = await serversOf(60);
      expect(new Set(first)).toEqual(new Set(NAMES));
      for (let turn = 0; turn < 4; turn++) expect(await serversOf(60)).toEqual(first);
      expect(await serversOf(60, other)).toEqual(first);
      const workers = await gateway().workers();
      await gateway().hup();
      await eventually('other workers', async () =>
        (await gateway().workers()).every((pid) => !workers.includes(pid)),
      );
      expect(await serversOf(60)).toEqual(first);
    } finally {
      await other.close();
    }
  });

  test('one endpoint less moves its URIs alone; one that is dead is stood in for by the same ones', async () => {
    await put(balanced('b', HASHED, ...all()), route('r', 'b'));
    const before = await serversOf(60);
    const [dead = 0] = await freePorts(1);
    await put(balanced('b', HASHED, ...all().filter((endpoint) => endpoint !== upstream('two').endpoint)));
    const without = await serversOf(60);
    for (const [index, name] of before.entries()) {
      if (name === 'two') expect(without[index]).not.toBe('two');
      else expect(without[index]).toBe(name);
    }
    await put(balanced('b', HASHED, ...all(), `127.0.0.1:${dead}`));
    const stoodIn = await serversOf(60);
    expect(stoodIn).not.toContain('502');
    expect(await serversOf(60)).toEqual(stoodIn);
    expect(stoodIn).toEqual(before);
  });

  test('requests without what is hashed go in turn', async () => {
    await put(balanced('b', { ...HASHED, hashBy: ['$arg_user'] }, ...all()), route('r', 'b'));
    for (const count of Object.values(await shares(50, 1)))
      expect(Math.abs(count - 10)).toBeLessThanOrEqual(2);
    const same = await Promise.all(Array.from({ length: 20 }, () => serverOf('/any?user=7')));
    expect(new Set(same).size).toBe(1);
  });

  test('a subset: each URI has so many endpoints', async () => {
    await put(
      balanced('b', { ...HASHED, algorithm: 'chashsubset', subsetSize: 2 }, ...all()),
      route('r', 'b'),
    );
    for (const target of ['/a', '/b', '/c', '/d']) {
      const servers = await Promise.all(Array.from({ length: 40 }, () => serverOf(target)));
      expect(new Set(servers).size).toBe(2);
    }
  });
});

describe.each(['ewma', 'least_conn'])('%s', (algorithm) => {
  // backends of their own, of which nothing is known
  let id = algorithm;
  beforeEach(() => {
    id += '+';
  });
  const backend = (endpoints: readonly string[]) => balanced(id, { algorithm }, ...endpoints);

  test('asks a slow endpoint less', async () => {
    upstream('three').behave({ delayMs: 150 });
    await put(backend(all()), route('r', id, MEASURED));
    const { three = 0, ...others } = await shares(400, 8);
    for (const count of Object.values(others)) expect(count).toBeGreaterThan(2 * three);
    expect(Object.keys(others)).toHaveLength(4);
  });

  test('without measurements, as before the compile, spreads evenly', async () => {
    upstream('three').behave({ delayMs: 20 });
    await put(backend(all()), route('r', id));
    // 500 draws at 0.2: 100 ± 9; six standard deviations
    for (const count of Object.values(await shares(500, 8))) expect(Math.abs(count - 100)).toBeLessThan(54);
  });

  test('serves on while endpoints come and go', async () => {
    await put(backend(all()), route('r', id, MEASURED));
    const counting = shares(600, 8);
    for (let turn = 0; turn < 12; turn++) await put(backend(all().slice(turn % 3)));
    expect(Object.keys(await counting).toSorted()).toEqual(NAMES.toSorted());
  });
});

test('least_conn: what an endpoint has not answered counts when it comes back', async () => {
  const single = await startGateway({ workers: 1 });
  try {
    const [one, two] = [upstream('one'), upstream('two')];
    const backend = (...endpoints: readonly string[]) =>
      balanced('b', { algorithm: 'least_conn' }, ...endpoints);
    const documents = [settings(), host('shop.test', { '/': 'r' }), route('r', 'b', MEASURED)];
    await single.post(full(at(1, 1), [...documents, backend(one.endpoint)]));
    one.resetCounts();
    one.behave({ delayMs: 3_000 });
    const waiting = Promise.all([serverOf('/', single), serverOf('/', single)]);
    await eventually('both are under way', () => one.requests() === 2);
    await single.post(delta(at(1, 1), at(1, 2), [backend(two.endpoint)]));
    expect(await serverOf('/', single)).toBe('two');
    await single.post(delta(at(1, 2), at(1, 3), [backend(one.endpoint, two.endpoint)]));
    one.behave({});
    for (let turn = 0; turn < 10; turn++) expect(await serverOf('/', single)).toBe('two');
    expect(await waiting).toEqual(['one', 'one']);
    expect((await shares(10, 1, single)).one).toBe(5);
  } finally {
    await single.close();
  }
});

test('ewma leaves an endpoint that breaks off, and nothing is lost', async () => {
  await put(balanced('b', { algorithm: 'ewma' }, ...all()), route('r', 'b', MEASURED));
  await shares(100, 4);
  const broken = upstream('four');
  broken.behave({ fault: 'reset' });
  broken.resetCounts();
  const counts = await shares(400, 4);
  expect(Object.keys(counts).toSorted()).toEqual(NAMES.filter((name) => name !== 'four').toSorted());
  // two workers; evenly it would have been 80
  expect(broken.requests()).toBeLessThan(30);
});
