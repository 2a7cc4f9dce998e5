// Sticky sessions on the real server: they stay where they began, whatever comes and goes beside them.

import { describe, expect, test } from '@jest/globals';
import type { AffinityBody } from '../../src/model/document.ts';
import { startBackend } from '../support/backend.ts';
import { freePorts } from '../support/ports.ts';
import { backend, balanced, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';
import { type Ask, STICKY, visitAll, visitor, visitors } from './support/visitors.ts';

const { gateway, gateways, upstreams, endpoint, put, ask } = openShop(['one', 'two', 'three', 'four'], {
  gateways: 2,
});
const sticky = (affinity: Partial<AffinityBody> = {}) =>
  route('r', 'b', { affinity: { ...STICKY, ...affinity } });
const askSecond: Ask = (more) => (gateways()[1] ?? gateway()).ask('shop.test', '/', more);
const draining = (index: number) => `${endpoint(index)}!`;
const round = (...endpoints: string[]) => balanced('b', { algorithm: 'round_robin' }, ...endpoints);

describe.each(['balanced', 'persistent'])('%s', (mode) => {
  test('a session stays with its endpoint: any worker, another gateway, over a reload', async () => {
    await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky({ mode }));
    const people = visitors(20);
    const first = await visitAll(people, ask);
    expect(new Set(first).size).toBeGreaterThan(1);
    for (let i = 0; i < 4; i++) expect(await visitAll(people, ask)).toEqual(first);
    expect(await visitAll(people, askSecond)).toEqual(first);
    await gateway().hup();
    expect(await visitAll(people, ask)).toEqual(first);
    expect(people.map(({ sets }) => sets())).toEqual(people.map(() => 1));
  });

  test('a removed endpoint moves its own sessions and no others', async () => {
    await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky({ mode }));
    const people = visitors(30);
    const before = await visitAll(people, ask);
    await put(backend('b', endpoint(2), endpoint(0)));
    const after = await visitAll(people, ask);
    for (const [i, name] of before.entries()) {
      if (name !== 'two') expect(after[i]).toBe(name);
      else expect(['one', 'three']).toContain(after[i]);
    }
    expect(await visitAll(people, askSecond)).toEqual(after);
  });

  test('a draining endpoint keeps its sessions and gets no new ones', async () => {
    await put(round(endpoint(0), endpoint(1)), sticky({ mode }));
    const people = visitors(16);
    const before = await visitAll(people, ask);
    expect(before).toContain('two');
    await put(round(endpoint(0), draining(1)));
    expect(await visitAll(people, ask)).toEqual(before);
    const late = visitors(20);
    expect(new Set(await visitAll(late, ask))).toEqual(new Set(['one']));
    await put(round(endpoint(0)));
    expect(new Set(await visitAll([...people, ...late], ask))).toEqual(new Set(['one']));
  });

  test('a draining endpoint that is already away: its sessions are served elsewhere', async () => {
    const [gone = 0] = await freePorts(1);
    const leaving = await startBackend({ name: 'leaving', port: gone });
    await put(round(endpoint(0), leaving.endpoint), sticky({ mode }));
    const people = visitors(16);
    expect(await visitAll(people, ask)).toContain('leaving');
    await put(round(endpoint(0), `${leaving.endpoint}!`));
    await leaving.close();
    expect(new Set(await visitAll(people, ask))).toEqual(new Set(['one']));
  });

  test('all draining: they are used', async () => {
    await put(round(draining(0), draining(1)), sticky({ mode }));
    const people = visitors(20);
    const before = await visitAll(people, ask);
    expect(new Set(before)).toEqual(new Set(['one', 'two']));
    expect(await visitAll(people, ask)).toEqual(before);
  });

  test('a failing endpoint: another answers meanwhile, and the session comes back', async () => {
    await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky({ mode }));
    // enough that not all of one endpoint find the same one to stand in
    const people = visitors(60);
    const before = await visitAll(people, ask);
    upstreams()[1]?.behave({ fault: 'reset' });
    const during = await visitAll(people, ask);
    expect(during).not.toContain('two');
    // who stands in is the same one each time, and not one for all
    expect(await visitAll(people, ask)).toEqual(during);
    const standIns = during.filter((_, i) => before[i] === 'two');
    expect(new Set(standIns)).toEqual(new Set(['one', 'three']));
    upstreams()[1]?.behave({});
    expect(await visitAll(people, ask)).toEqual(before);
    expect(people.map(({ sets }) => sets())).toEqual(people.map(() => 1));
  });

  test('change on failure: the session stays where it went', async () => {
    await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky({ mode, changeOnFailure: true }));
    const people = visitors(24);
    const before = await visitAll(people, ask);
    upstreams()[1]?.behave({ fault: 'reset' });
    const during = await visitAll(people, ask);
    expect(during).not.toContain('two');
    upstreams()[1]?.behave({});
    expect(await visitAll(people, ask)).toEqual(during);
    expect(people.map(({ sets }) => sets())).toEqual(before.map((name) => (name === 'two' ? 2 : 1)));
  });

  test('a session that begins at an endpoint that fails begins at the one that answers', async () => {
    upstreams()[0]?.behave({ fault: 'reset' });
    await put(backend('b', endpoint(0), endpoint(1)), sticky({ mode }));
    const people = visitors(12);
    expect(new Set(await visitAll(people, ask))).toEqual(new Set(['two']));
    upstreams()[0]?.behave({});
    expect(new Set(await visitAll(people, ask))).toEqual(new Set(['two']));
    expect(people.map(({ sets }) => sets())).toEqual(people.map(() => 1));
  });

  test('no endpoint answers: 502, and nobody is lost when they do again', async () => {
    await put(backend('b', endpoint(0), endpoint(1)), sticky({ mode }));
    const person = visitor();
    const before = await person.visit(ask);
    for (const upstream of upstreams()) upstream.behave({ fault: 'reset' });
    expect(await person.visit(ask)).toBe('502');
    for (const upstream of upstreams()) upstream.behave({});
    expect(await person.visit(ask)).toBe(before);
  });
});

test('more endpoints: balanced gives them their part of the sessions, persistent none', async () => {
  await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky());
  const people = visitors(100);
  const before = await visitAll(people, ask);
  await put(backend('b', endpoint(0), endpoint(1), endpoint(2), endpoint(3)));
  const after = await visitAll(people, ask);
  const moved = after.filter((name, i) => name !== before[i]);
  expect(new Set(moved)).toEqual(new Set(['four']));
  // 100 at 1/4: 25 ± 4.3; five standard deviations
  expect(Math.abs(moved.length - 25)).toBeLessThanOrEqual(21);

  await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky({ mode: 'persistent' }));
  const others = visitors(30);
  const first = await visitAll(others, ask);
  await put(backend('b', endpoint(3), endpoint(0), endpoint(1), endpoint(2)));
  expect(await visitAll(others, ask)).toEqual(first);
});

test('new persistent sessions go where the algorithm says', async () => {
  await put(backend('b', `${endpoint(0)}*3`, endpoint(1)), sticky({ mode: 'persistent' }));
  const names = await visitAll(visitors(40), ask);
  // two workers, each exact over its own cycle
  expect(Math.abs(names.filter((name) => name === 'one').length - 30)).toBeLessThanOrEqual(3);
});

test('another mode, another algorithm: sessions go on', async () => {
  await put(backend('b', endpoint(0), endpoint(1), endpoint(2)), sticky());
  const people = visitors(20);
  const before = await visitAll(people, ask);
  await put(balanced('b', { algorithm: 'ewma' }, endpoint(0), endpoint(1), endpoint(2)));
  expect(await visitAll(people, ask)).toEqual(before);
  await put(sticky({ mode: 'persistent' }));
  const persistent = await visitAll(people, ask);
  expect(await visitAll(people, ask)).toEqual(persistent);
  await put(sticky());
  expect(await visitAll(people, ask)).toEqual(before);
});

test('of differently balanced variants of one Service sessions go on; of another Service they do not', async () => {
  const list = [endpoint(0), endpoint(1), endpoint(2)];
  await put(
    backend('ns/web/80', ...list),
    backend('ns/web/80/0123456789abcdef', ...list),
    backend('ns/api/80', ...list),
  );
  const to = (id: string) => route('r', id, { affinity: STICKY });
  await put(to('ns/web/80'));
  const people = visitors(12);
  const before = await visitAll(people, ask);
  await put(to('ns/web/80/0123456789abcdef'));
  expect(await visitAll(people, ask)).toEqual(before);
  expect(people.every(({ sets }) => sets() === 1)).toBe(true);
  await put(to('ns/api/80'));
  await visitAll(people, ask);
  expect(people.every(({ sets }) => sets() === 2)).toBe(true);
});
