// Endpoints come and go under load: no request notices, nginx is not touched, and who has left gets nothing more.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { startLoad } from '../support/load.ts';
import { FORMS } from './support/forms.ts';
import { ingress, service, slices } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const CHANGES = 100;

for (const { form, flags } of FORMS) {
  testGateway(
    `a hundred changes of endpoints, ${form}: no failure, no reload`,
    {
      backends: ['one', 'two', 'three', 'four'],
      gateway: (backends) => ({
        flags,
        manifests: {
          'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
          'slices.yaml': slices(
            'shop',
            backends.map(({ endpoint }) => endpoint),
          ),
        },
      }),
    },
    async ({ gateway, backends }) => {
      const before = await gateway.state();
      const workers = await gateway.proxy.workers();
      const load = startLoad({ port: gateway.httpPort, host: 'shop.example', connections: 12, rate: 400 });

      for (let i = 1; i <= CHANGES; i++) {
        // Every set but the empty one, in turn.
        const chosen = backends.filter((_, bit) => ((i % 15) + 1) & (1 << bit));
        const put = () =>
          gateway.put(
            'slices.yaml',
            ...slices(
              'shop',
              chosen.map(({ endpoint }) => endpoint),
            ),
          );
        if (i % 20 !== 0) {
          await put();
          await sleep(25);
          continue;
        }
        await sleep(300); // so that the push that is waited for is that of this change
        await gateway.change(put);
        await sleep(30); // what was on its way when it settled
        for (const backend of backends) backend.resetCounts();
        await sleep(150);
        for (const backend of backends) {
          const gotRequests = backend.requests() > 0;
          expect({ name: backend.name, gotRequests }).toEqual({
            name: backend.name,
            gotRequests: chosen.includes(backend),
          });
        }
      }

      const report = await load.stop();
      expect(report.failures).toEqual([]);
      expect(report.ok).toBe(report.sent);
      expect(report.ok).toBeGreaterThan(500);
      expect(report.repeated).toBe(0);
      const after = await gateway.settled();
      expect(after.reloads).toBe(before.reloads);
      expect(after.pushes).toBeGreaterThan(before.pushes + 5);
      expect(await gateway.proxy.workers()).toEqual(workers);
    },
  );
}
