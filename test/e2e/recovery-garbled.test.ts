// The newest state on disk is garbled while nothing runs: the previous is used, it is said, and the controller mends it.
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { request } from '../support/http-client.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, type Manifest, service, slices } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

type Damage = {
  readonly name: string;
  /** Which file of the newest pair. */
  readonly of: 'snapshot' | 'journal';
  readonly damage: (path: string) => Promise<void>;
  /** Whether the start has to say something: a journal that is not there is as good as an empty one. */
  readonly said: boolean;
};

const flip = (at: (length: number) => number) => async (path: string) => {
  const bytes = await readFile(path);
  const place = at(bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ 0x20;
  await writeFile(path, bytes);
};
const cut = (by: (length: number) => number) => async (path: string) =>
  truncate(path, by((await readFile(path)).length));

const DAMAGES: readonly Damage[] = [
  { name: 'cut short', of: 'snapshot', damage: cut((length) => Math.floor(length * 0.6)), said: true },
  { name: 'cut at its last line', of: 'snapshot', damage: cut((length) => length - 3), said: true },
  { name: 'a byte flipped', of: 'snapshot', damage: flip((length) => Math.floor(length / 2)), said: true },
  { name: 'emptied', of: 'snapshot', damage: cut(() => 0), said: true },
  { name: 'removed', of: 'snapshot', damage: (path) => rm(path), said: true },
  {
    name: 'replaced by noise',
    of: 'snapshot',
    damage: (path) => writeFile(path, '\0\n{}\n[1]\n'),
    said: true,
  },
  { name: 'torn', of: 'journal', damage: cut((length) => length - 20), said: true },
  {
    name: 'a byte flipped in its last batch',
    of: 'journal',
    damage: flip((length) => length - 60),
    said: true,
  },
  { name: 'emptied', of: 'journal', damage: cut(() => 0), said: false },
  { name: 'removed', of: 'journal', damage: (path) => rm(path), said: false },
];

testGateway(
  'whatever is done to the newest snapshot or journal, the previous state is served and it is said',
  {
    backends: ['one', 'two', 'three'],
    gateway: ([one]) => ({
      nginx: 'by-hand',
      manifests: {
        'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
        'slices.yaml': slices('shop', [one?.endpoint ?? '']),
      },
    }),
    timeoutMs: 180_000,
  },
  async ({ gateway, backends: [, two, three] }) => {
    await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? ''])));
    await growUntilCompacted(gateway);
    await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [three?.endpoint ?? ''])));
    await gateway.proxy.stop();
    await gateway.controller().kill();
    const state = join(gateway.prefix, 'state');
    const whole = join(gateway.folder, 'whole');
    await cp(state, whole, { recursive: true });

    for (const one of DAMAGES) {
      try {
        await suffer(gateway, one);
      } catch (error) {
        throw new Error(`${one.of} ${one.name}: ${(error as Error).message}`, { cause: error });
      }
      await Promise.all([gateway.controller().kill(), gateway.proxy.kill()]);
      await rm(state, { recursive: true });
      await cp(whole, state, { recursive: true });
    }
  },
);

async function suffer(gateway: Gateway, { of, damage, said }: Damage): Promise<void> {
  const asked = async () => (await gateway.get('shop.example')).headers['x-backend'];
  await damage(await newest(gateway, of));
  await gateway.proxy.start();
  // Whatever is lost, it is not more than the last steps.
  const first = await asked();
  expect(of === 'journal' ? ['two'] : ['two', 'three']).toContain(first);
  const loaded = await whatItLoaded(gateway);
  if (said) {
    expect(loaded.join(' ')).toContain(of);
    expect(await gateway.proxy.errorLog()).toContain(loaded[0] ?? '-');
  }

  const workers = await gateway.proxy.workers();
  gateway.startController();
  const state = await gateway.settled();
  expect(await asked()).toBe('three');
  if (said) expect(state.nginx.notes.join(' ')).toContain(of);
  expect(await gateway.proxy.workers()).toEqual(workers);

  // And what is on disk is whole again.
  await Promise.all([gateway.controller().kill(), gateway.proxy.kill()]);
  await gateway.proxy.start();
  expect(await asked()).toBe('three');
  expect(await whatItLoaded(gateway)).toEqual([]);
}

/** Big changes, until the journal has outgrown its snapshot and a second pair is begun. */
async function growUntilCompacted(gateway: Gateway): Promise<void> {
  for (let i = 0; i < 40; i++) {
    if ((await newest(gateway, 'snapshot')).includes('000002')) return;
    await gateway.change(() => gateway.put('big.yaml', ...bigSlices(i)));
  }
  throw new Error('the journal was never compacted');
}

function bigSlices(step: number): readonly Manifest[] {
  const endpoints = Array.from({ length: 8000 }, (_, i) => `10.${step + 1}.${i >> 8}.${i & 255}:8080`);
  return [
    service('big'),
    ...slices('big', endpoints),
    ingress('big', { host: 'big.example', service: 'big' }),
  ];
}

async function newest(gateway: Gateway, of: Damage['of']): Promise<string> {
  const folder = join(gateway.prefix, 'state/documents');
  const names = (await readdir(folder)).filter((name) => name.endsWith(`.${of}`)).sort();
  return join(folder, names.at(-1) ?? '');
}

async function whatItLoaded(gateway: Gateway): Promise<readonly string[]> {
  const socketPath = join(gateway.prefix, 'control/config.sock');
  const answer = await request({ port: 0, socketPath, target: '/config' });
  return answer.json<{ readonly loaded: readonly string[] }>().loaded;
}
