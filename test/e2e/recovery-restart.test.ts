// Stops, kills and starts in every order: what was accepted last is served at the first request.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Backend } from '../support/backend.ts';
import type { GatewayOptions } from './support/gateway.ts';
import { ingress, service, slices } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const shop = ([one]: readonly Backend[]): GatewayOptions => ({
  nginx: 'by-hand',
  manifests: {
    'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
    'slices.yaml': slices('shop', [one?.endpoint ?? '']),
  },
});

const TWO = { backends: ['one', 'two'], gateway: shop };

testGateway(
  'nginx stopped, controller killed, nginx started: the first request is served',
  TWO,
  async ({ gateway, backends: [, two] }) => {
    // Newer than the files, so only the documents know it: a moved endpoint and a host that is not compiled.
    await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? ''])));
    await gateway.change(() =>
      gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
    );

    await gateway.proxy.stop();
    await gateway.controller().kill();
    await gateway.proxy.start();

    const first = await gateway.get('new.example');
    expect([first.status, first.headers['x-backend']]).toEqual([200, 'two']);
    const second = await gateway.get('shop.example');
    expect([second.status, second.headers['x-backend']]).toEqual([200, 'two']);
  },
);

testGateway(
  'a change while nginx is stopped, then the controller killed: nginx starts with the change',
  TWO,
  async ({ gateway, backends: [, two] }) => {
    await gateway.proxy.stop();
    await gateway.stateWhen('it is noticed', ({ nginx }) => !nginx.running);
    const before = await gateway.state();
    await gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? '']));
    await gateway.stateWhen('the change is accepted', ({ pushes }) => pushes > before.pushes);
    await gateway.controller().kill();

    await gateway.proxy.start();
    const first = await gateway.get('shop.example');
    expect([first.status, first.headers['x-backend']]).toEqual([200, 'two']);
  },
);

testGateway(
  'SIGKILL of everything at once: nginx starts by itself and serves the first request',
  TWO,
  async ({ gateway, backends: [, two] }) => {
    await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? ''])));
    await gateway.change(() =>
      gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
    );

    await Promise.all([gateway.controller().kill(), gateway.proxy.kill()]);
    await gateway.proxy.start();
    const first = await gateway.get('new.example');
    expect([first.status, first.headers['x-backend']]).toEqual([200, 'two']);

    const workers = await gateway.proxy.workers();
    gateway.startController();
    const { reloads } = await gateway.settled();
    expect(reloads).toBe(0);
    expect(await gateway.proxy.workers()).toEqual(workers);
  },
);

testGateway(
  'nginx restarted beside a live controller: it is noticed, and changes go to the new one',
  TWO,
  async ({ gateway, backends: [one, two] }) => {
    for (const end of ['stop', 'kill'] as const) {
      const [old] = await gateway.proxy.masters();
      await gateway.proxy[end]();
      await gateway.stateWhen('its absence is noticed', ({ nginx, settled }) => !nginx.running && !settled);
      await gateway.proxy.start();
      const state = await gateway.stateWhen(
        'its return is noticed',
        ({ nginx, settled }) => settled && nginx.running && !nginx.masters.includes(old ?? 0),
      );
      await gateway.proxy.workers(); // have their titles now, which are those of a master at first
      expect(state.nginx.masters).toEqual(await gateway.proxy.masters());
      const moved = end === 'stop' ? two : one;
      await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [moved?.endpoint ?? ''])));
      expect((await gateway.get('shop.example')).headers['x-backend']).toBe(moved?.name);
    }
  },
);

testGateway(
  'a supervised nginx that is killed comes back by itself, up to date',
  { backends: ['one'], gateway: (backends) => ({ ...shop(backends), nginx: 'supervised' }) },
  async ({ gateway }) => {
    const before = await gateway.proxy.masters();
    await gateway.proxy.kill();
    await sleep(50);
    await gateway.stateWhen(
      'another nginx runs',
      ({ nginx, settled }) => settled && nginx.running && nginx.masters.every((pid) => !before.includes(pid)),
      30_000,
    );
    expect((await gateway.get('shop.example')).status).toBe(200);
    const { code } = await gateway.controller().stop();
    expect(code).toBe(0);
    expect(await gateway.proxy.masters()).toEqual([]);
  },
);
