// The controller dies by SIGKILL with a WebSocket open and under load, comes back, and nobody notices either.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { WebSocket } from 'ws';
import { startLoad } from '../support/load.ts';
import { ingress, service, slices } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

for (const nginx of ['supervised', 'by-hand'] as const) {
  testGateway(
    `SIGKILL of the controller and its restart go unnoticed, nginx ${nginx}`,
    {
      backends: ['one', 'two'],
      gateway: ([one]) => ({
        nginx,
        // No compile but the first, however long this takes.
        flags: ['--compile-interval', '10m'],
        manifests: {
          'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
          'slices.yaml': slices('shop', [one?.endpoint ?? '']),
        },
      }),
    },
    async ({ gateway, backends: [one, two] }) => {
      const workers = await gateway.proxy.workers();
      const [master] = await gateway.proxy.masters();
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.httpPort}/chat`, {
        headers: { host: 'shop.example' },
      });
      socket.on('error', () => undefined);
      const [hello] = (await once(socket, 'message')) as [Buffer];
      expect(JSON.parse(hello.toString())).toMatchObject({ name: 'one', url: '/chat' });
      const echo = async (text: string) => {
        const echoed = once(socket, 'message', { signal: AbortSignal.timeout(5000) }) as Promise<[Buffer]>;
        socket.send(text);
        expect((await echoed)[0].toString()).toBe(text);
      };
      const load = startLoad({ port: gateway.httpPort, host: 'shop.example', connections: 8, rate: 200 });

      await echo('before');
      await gateway.controller().kill();
      await sleep(500);
      await echo('while it is dead');

      gateway.startController();
      const restarted = await gateway.settled();
      // Long enough for whatever a start might do late.
      await sleep(1500);
      const quiet = await gateway.state();
      expect(quiet.settled).toBe(true);
      expect({ reloads: quiet.reloads, pushes: quiet.pushes }).toEqual({ reloads: 0, pushes: 0 });
      expect(quiet.generation).toBe(restarted.generation);
      expect(await gateway.proxy.workers()).toEqual(workers);
      expect(await gateway.proxy.masters()).toEqual([master]);
      await echo('after the restart');

      await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? ''])));
      await sleep(50);
      one?.resetCounts();
      two?.resetCounts();
      await sleep(300);
      expect(one?.requests()).toBe(0);
      expect(two?.requests()).toBeGreaterThan(0);
      await echo('after a change');
      expect(await gateway.proxy.workers()).toEqual(workers);
      expect((await load.stop()).failures).toEqual([]);
      socket.terminate();
    },
  );
}
