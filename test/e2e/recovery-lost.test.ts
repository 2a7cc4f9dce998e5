// State that is lost or changed by another hand while the controller is away: it is put right, and it is said.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startLoad } from '../support/load.ts';
import type { GatewayOptions } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const shop = (endpoint: string): GatewayOptions => ({
  nginx: 'by-hand',
  manifests: {
    'shop.yaml': [
      ...workload('shop', [endpoint]),
      ingress('shop', { host: 'shop.example', service: 'shop' }),
    ],
  },
});

for (const lost of ['state', 'state/documents', 'state/files', 'state/epoch']) {
  testGateway(
    `${lost} is removed beside a running nginx: the controller starts over and no request fails`,
    { gateway: ([one]) => shop(one?.endpoint ?? '') },
    async ({ gateway }) => {
      await gateway.controller().kill();
      await rm(join(gateway.prefix, lost), { recursive: true });
      const load = startLoad({ port: gateway.httpPort, host: 'shop.example', connections: 6, rate: 150 });
      gateway.startController();
      await gateway.settled();
      await gateway.change(() =>
        gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
      );
      expect((await gateway.get('new.example')).status).toBe(200);
      expect((await load.stop()).failures).toEqual([]);

      await Promise.all([gateway.controller().kill(), gateway.proxy.kill()]);
      await gateway.proxy.start();
      expect((await gateway.get('new.example')).status).toBe(200);
      expect((await gateway.get('shop.example')).status).toBe(200);
    },
  );
}

testGateway(
  'conf/nginx.conf is changed by another hand: the proven one comes back, and it is said',
  { gateway: ([one]) => shop(one?.endpoint ?? '') },
  async ({ gateway }) => {
    const live = join(gateway.prefix, 'conf/nginx.conf');
    const proven = await readFile(live, 'utf8');
    for (const text of [`${proven}\n# by hand\n`, 'events {', '']) {
      await Promise.all([gateway.controller().kill(), gateway.proxy.stop()]);
      await writeFile(live, text);
      gateway.startController();
      const state = await gateway.stateWhen('the proven one is back', ({ files }) => files !== null);
      expect(state.nginx.notes.join(' ')).toContain('conf/nginx.conf');
      expect(await readFile(live, 'utf8')).toBe(proven);
      await gateway.proxy.start();
      await gateway.settled();
      expect((await gateway.get('shop.example')).status).toBe(200);
    }
  },
);
