// Sticky sessions and canaries: a session stays on the side where it began, unless that is not wanted.

import { expect, test } from '@jest/globals';
import type { AffinityBody, CanaryBody } from '../../src/model/document.ts';
import { backend, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';
import { STICKY, visitAll, visitor, visitors } from './support/visitors.ts';

const { upstreams, endpoint, put, ask } = openShop(['one', 'two', 'new-one', 'new-two', 'other']);
const canary = (body: Partial<CanaryBody> = {}): CanaryBody => ({
  backend: 'c',
  weight: 0,
  weightTotal: 100,
  header: 'x-canary',
  ...body,
});
const world = (affinity: Partial<AffinityBody>, ...canaries: readonly CanaryBody[]) =>
  put(
    backend('b', endpoint(0), endpoint(1)),
    backend('c', endpoint(2), endpoint(3)),
    backend('d', endpoint(4)),
    route('r', 'b', { affinity: { ...STICKY, ...affinity }, canaries }),
  );
const ALWAYS = { 'X-Canary': 'always' };

test.each(['balanced', 'persistent'])('%s sessions stay on their side, whatever rules say', async (mode) => {
  await world({ mode }, canary());
  const old = visitors(6);
  const stable = await visitAll(old, ask);
  const early = visitor();
  const place = await early.visit(ask, ALWAYS);
  expect(place).toMatch(/^new-/);

  // neither the header, nor its absence, nor the weight moves anybody
  for (const [i, each] of old.entries()) expect(await each.visit(ask, ALWAYS)).toBe(stable[i]);
  expect(await early.visit(ask)).toBe(place);
  expect(await early.visit(ask, { 'X-Canary': 'never' })).toBe(place);
  await world({ mode }, canary({ weight: 100 }));
  expect(await visitAll(old, ask)).toEqual(stable);
  for (const name of await visitAll(visitors(6), ask)) expect(name).toMatch(/^new-/);
  await world({ mode }, canary({ weight: 0 }));
  expect(await early.visit(ask)).toBe(place);
  expect(early.sets()).toBe(1);
});

test('a canary that ends, or has no endpoints, gives its sessions back', async () => {
  await world({}, canary({ weight: 100 }));
  const people = visitors(6);
  await visitAll(people, ask);
  await put(backend('c'));
  for (const name of await visitAll(people, ask)) expect(['one', 'two']).toContain(name);
  await world({}, canary({ weight: 100 }));
  const back = visitor();
  expect(await back.visit(ask)).toMatch(/^new-/);
  await world({});
  expect(['one', 'two']).toContain(await back.visit(ask));
  expect(back.sets()).toBe(2);
});

test('of several canaries the one whose session it is', async () => {
  await world({}, canary(), canary({ backend: 'd', header: 'x-other' }));
  const person = visitor();
  expect(await person.visit(ask, { 'X-Other': 'always' })).toBe('other');
  expect(await person.visit(ask, ALWAYS)).toBe('other');
  expect(await person.visit(ask)).toBe('other');
});

test('legacy: rules decide each request, and canaries neither read nor set the cookie', async () => {
  await world({ canary: 'legacy' }, canary());
  const person = visitor();
  const place = await person.visit(ask);
  const seen = new Set<string>();
  for (let i = 0; i < 8; i++) seen.add(await person.visit(ask, ALWAYS));
  expect(seen).toEqual(new Set(['new-one', 'new-two']));
  expect(await person.visit(ask)).toBe(place);
  expect(person.sets()).toBe(1);
});

test('retries of a session at a canary stay there', async () => {
  await world({}, canary());
  const person = visitor();
  const place = await person.visit(ask, ALWAYS);
  const failing = upstreams().find(({ name }) => name === place);
  failing?.behave({ fault: 'reset' });
  const other = await person.visit(ask);
  failing?.behave({});
  expect(other).toMatch(/^new-/);
  expect(other).not.toBe(place);
  expect(await person.visit(ask)).toBe(place);
});
