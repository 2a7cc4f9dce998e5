// What scripts wait by: asked after a file was renamed into place, `settled` speaks of that file too.

import { expect } from '@jest/globals';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

testGateway(
  'settled after a rename means that the renamed file is in force',
  {
    gateway: ([one]) => ({
      flags: ['--compile', 'never'],
      manifests: { 'shop.yaml': workload('shop', [one?.endpoint ?? '']) },
    }),
  },
  async ({ gateway }) => {
    for (let i = 0; i < 40; i += 1) {
      const host = `h${i}.example`;
      await gateway.put(`${host}.yaml`, ingress(`h${i}`, { host, service: 'shop' }));
      await gateway.stateWhen('settled', ({ settled }) => settled);
      expect((await gateway.get(host)).status).toBe(200);
    }
  },
);
