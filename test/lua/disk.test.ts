// A start with nobody to push: documents from the state folder, whole or damaged, and what survives which signal.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Backend, startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { at, backend, delta, encode, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
let upstream: Backend;
beforeEach(async () => {
  upstream = await startBackend({ name: 'upstream' });
});
afterEach(async () => {
  await gateway?.close();
  await upstream.close();
});

const world = () => [
  settings(),
  backend('b', upstream.endpoint),
  route('r', 'b'),
  host('shop.test', { '/': 'r' }),
];
const snapshot = (generation: number) => encode(full(at(1, generation), world()));
const step = (generation: number) =>
  encode(delta(at(1, generation - 1), at(1, generation), [host(`h${generation}.test`, { '/': 'r' })]));
const garble = (text: string) => text.replace('"kind"', '"kinD"');

/** Starts with this state folder; file names as written, without the folder. */
async function startWith(files: Record<string, string>): Promise<Gateway> {
  const below = Object.entries(files).map(([name, text]) => [`state/documents/${name}`, text]);
  gateway = await startGateway({ files: Object.fromEntries(below) });
  return gateway;
}
const serves = async (name: string) => (await gateway.ask(name, '/')).status;

test('a snapshot and its journal', async () => {
  await startWith({ '000007.snapshot': snapshot(1), '000007.journal': step(2) + step(3) });
  expect(await serves('shop.test')).toBe(200);
  expect(await serves('h3.test')).toBe(200);
  expect((await gateway.get()).status).toMatchObject({ epoch: 1, generation: 3, loaded: [] });
});

test('no folder, or an empty one, is a first start', async () => {
  await startWith({});
  expect((await gateway.get()).status).toMatchObject({ generation: 0, loaded: [] });
  expect(await serves('shop.test')).toBe(404);
});

test('a torn last batch is dropped and said', async () => {
  await startWith({ '000001.snapshot': snapshot(1), '000001.journal': step(2) + step(3).slice(0, -40) });
  expect(await serves('h2.test')).toBe(200);
  expect(await serves('h3.test')).toBe(404);
  const { status } = await gateway.get();
  expect(status.generation).toBe(2);
  expect(status.loaded).toEqual([expect.stringMatching(/^000001\.journal .*torn write/)]);
});

test('a garbled batch ends the journal', async () => {
  await startWith({ '000001.snapshot': snapshot(1), '000001.journal': step(2) + garble(step(3)) + step(4) });
  expect((await gateway.get()).status).toMatchObject({
    generation: 2,
    loaded: [expect.stringMatching(/^000001\.journal .*checksum/)],
  });
});

test.each([
  ['garbled', (text: string) => garble(text)],
  ['cut off', (text: string) => text.slice(0, -60)],
  ['empty', () => ''],
])(
  'a newest snapshot that is %s: the previous one, its journal, and the newer journal',
  async (_, damage) => {
    await startWith({
      '000001.snapshot': snapshot(1),
      '000001.journal': step(2) + step(3),
      '000002.snapshot': damage(encode(full(at(1, 3), world()))),
      '000002.journal': step(4),
    });
    expect(await serves('h2.test')).toBe(200);
    expect(await serves('h4.test')).toBe(200);
    const { status } = await gateway.get();
    expect(status.generation).toBe(4);
    expect(status.loaded).toEqual([
      expect.stringMatching(/^000002\.snapshot was not loaded/),
      expect.stringMatching(/older 000001\.snapshot/),
    ]);
    expect(await gateway.errorLog()).toMatch(/\[warn\].*000002\.snapshot was not loaded/);
  },
);

test('a journal that does not follow is not applied', async () => {
  await startWith({ '000001.snapshot': snapshot(1), '000001.journal': step(2) + step(4) });
  expect((await gateway.get()).status).toMatchObject({
    generation: 2,
    loaded: [expect.stringMatching(/base/)],
  });
});

test('batches of the journal that the snapshot has already are passed over', async () => {
  await startWith({ '000001.snapshot': snapshot(2), '000001.journal': step(1) + step(2) + step(3) });
  expect((await gateway.get()).status).toMatchObject({ generation: 3, loaded: [] });
});

test('nothing on disk is whole: an empty start that says so', async () => {
  await startWith({ '000001.snapshot': 'x', '000001.journal': step(2) });
  const { status } = await gateway.get();
  expect(status.generation).toBe(0);
  expect(status.loaded).toHaveLength(1);
});

test('SIGKILL of everything: starts again past its own sockets, and serves from disk', async () => {
  await startWith({ '000001.snapshot': snapshot(1) });
  const before = (await gateway.get()).status.instance;
  for (let i = 0; i < 2; i++) {
    await gateway.kill();
    await gateway.start();
    expect(await serves('shop.test')).toBe(200);
  }
  const after = (await gateway.get()).status.instance;
  expect(after.id).not.toBe(before.id);
  expect(after.master).not.toBe(before.master);
});

test('HUP keeps documents and instance, and disk does not go over what was pushed', async () => {
  await startWith({ '000001.snapshot': snapshot(1) });
  await gateway.post(delta(at(1, 1), at(1, 2), [host('pushed.test', { '/': 'r' })]));
  const before = await gateway.get();
  const old = await eventually('both workers run', async () => {
    const pids = await gateway.workers();
    return pids.length === 2 ? pids : null;
  });
  upstream.behave({ fault: 'hang' });
  const pending = gateway.ask('pushed.test', '/').catch(() => null);
  await eventually('a request is under way', () => upstream.requests() > 0);
  upstream.behave({});
  await gateway.writeConfig(gateway.configure({ filesDigest: 'f2' }));
  await gateway.hup();
  // The worker with a request under way is listed as what it is; the other one is gone in a moment.
  const after = await eventually('new workers, and an old one that shuts down', async () => {
    const { status } = await gateway.get();
    const active = status.workers.filter((worker) => !worker.shuttingDown);
    const fresh = active.length === 2 && active.every((w) => !old.includes(w.pid) && w.generation === 2);
    return fresh && status.workers.length === 3 && status.files === 'f2' ? status : null;
  });
  const leaving = after.workers.filter((worker) => worker.shuttingDown).map((worker) => worker.pid);
  expect(old).toEqual(expect.arrayContaining(leaving));
  expect(leaving).toHaveLength(1);
  expect(after.instance).toEqual(before.status.instance);
  expect(after.generation).toBe(2);
  expect(await serves('pushed.test')).toBe(200);
  expect(await gateway.errorLog()).not.toMatch(/\[emerg\]|stale socket/);
  await gateway.stop('SIGTERM');
  await pending;
});

test('a binary upgrade: the new master loads from disk and keeps the inherited sockets', async () => {
  await startWith({ '000001.snapshot': snapshot(1) });
  const before = (await gateway.get()).status.instance;
  await gateway.upgrade();
  const after = (await gateway.get()).status;
  expect(after.instance.master).not.toBe(before.master);
  expect(after.instance.id).not.toBe(before.id);
  expect(after.generation).toBe(1);
  expect(await serves('shop.test')).toBe(200);
  expect(await gateway.errorLog()).not.toMatch(/stale socket/);
});

test('the folder is read by the master alone', async () => {
  await startWith({ '000001.snapshot': snapshot(1) });
  await gateway.stop();
  await mkdir(join(gateway.prefix, 'state'), { recursive: true });
  await chmod(join(gateway.prefix, 'state'), 0o700);
  await writeFile(join(gateway.prefix, 'state/documents/000002.snapshot'), snapshot(5), { mode: 0o600 });
  await gateway.start();
  expect((await gateway.get()).status).toMatchObject({ generation: 5, loaded: [] });
  expect(await serves('shop.test')).toBe(200);
});
