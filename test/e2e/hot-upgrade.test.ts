// nginx is replaced while it runs (USR2, then QUIT), with the controller alive and with it dead.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { startLoad } from '../support/load.ts';
import { ingress, service, slices } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

for (const controller of ['alive', 'dead'] as const) {
  testGateway(
    `a hot upgrade under load, the controller ${controller}`,
    {
      backends: ['one', 'two'],
      gateway: ([one]) => ({
        nginx: 'by-hand',
        // No compile but the first, however long this takes.
        flags: ['--compile-interval', '10m'],
        manifests: {
          'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
          'slices.yaml': slices('shop', [one?.endpoint ?? '']),
        },
      }),
    },
    async ({ gateway, backends: [one, two] }) => {
      const { reloads } = await gateway.state();
      const move = (to: typeof one) => gateway.put('slices.yaml', ...slices('shop', [to?.endpoint ?? '']));
      await gateway.change(() =>
        gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
      );
      await gateway.change(() => move(two));
      if (controller === 'dead') await gateway.controller().kill();
      const before = await gateway.proxy.masters();
      const loads = ['shop.example', 'new.example'].map((host) =>
        startLoad({ port: gateway.httpPort, host, connections: 6, rate: 150 }),
      );
      await sleep(200);

      let running = true;
      const moving = (async () => {
        for (let i = 0; running && controller === 'alive'; i++) {
          await move(i % 2 === 0 ? one : two);
          await sleep(60);
        }
      })();
      await gateway.proxy.upgrade();
      await sleep(300);
      running = false;
      await moving;
      const after = await gateway.proxy.masters();
      expect(after).toHaveLength(1);
      expect(after).not.toEqual(before);
      if (controller === 'dead') gateway.startController();
      await gateway.stateWhen(
        'the new one alone is known',
        ({ settled, nginx }) => settled && nginx.masters.join() === after.join(),
      );

      for (const to of [one, two]) {
        await gateway.change(() =>
          move(to === one ? two : one)
            .then(() => sleep(100))
            .then(() => move(to)),
        );
        await sleep(300);
        expect((await gateway.get('shop.example')).headers['x-backend']).toBe(to?.name);
      }
      for (const load of loads) {
        const report = await load.stop();
        expect(report.failures).toEqual([]);
        expect(report.ok).toBeGreaterThan(50);
      }
      const ours = controller === 'dead' ? 0 : reloads;
      expect((await gateway.settled()).reloads).toBe(ours);
    },
  );
}
