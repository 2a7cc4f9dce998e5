// Canaries: shares by weight, and header, pattern and cookie before it; the same compiled and interpreted.
import { expect } from '@jest/globals';
import { askOften } from './support/ask.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const N = 2000;
const HOST = 'shop.example';

for (const { form, flags } of FORMS) {
  testGateway(
    `canary shares and precedence, ${form}`,
    {
      backends: ['stable', 'canary'],
      gateway: ([stable, canary]) => ({
        flags,
        manifests: {
          'shop.yaml': [
            ...workload('stable', [stable?.endpoint ?? '']),
            ...workload('canary', [canary?.endpoint ?? '']),
            ingress('shop', { host: HOST, service: 'stable', created: '2020-01-01T00:00:00Z' }),
          ],
          'canary.yaml': [canaryIngress({ 'canary-weight': '0' })],
        },
      }),
    },
    async ({ gateway }) => {
      const before = await gateway.state();
      expect(before.hosts).toMatchObject(
        form === 'compiled' ? { compiled: 1, interpreted: 0 } : { compiled: 0, interpreted: 1 },
      );
      expect(await share(gateway)).toBe(0);

      await annotate(gateway, { 'canary-weight': '100' });
      expect(await share(gateway)).toBe(N);

      await annotate(gateway, { 'canary-weight': '30' });
      expectBinomial(await share(gateway), 0.3);
      await annotate(gateway, { 'canary-weight': '50', 'canary-weight-total': '1000' });
      expectBinomial(await share(gateway), 0.05);

      await annotate(gateway, {
        'canary-weight': '100',
        'canary-by-header': 'X-Canary',
        'canary-by-cookie': 'try',
      });
      expect(await share(gateway, { 'x-canary': 'never' }, 50)).toBe(0);
      expect(await share(gateway, { cookie: 'try=never' }, 50)).toBe(0);
      expect(await share(gateway, { 'x-canary': 'always', cookie: 'try=never' }, 50)).toBe(50);

      await annotate(gateway, {
        'canary-weight': '0',
        'canary-by-header': 'X-Canary',
        'canary-by-cookie': 'try',
      });
      expect(await share(gateway, { 'x-canary': 'always' }, 50)).toBe(50);
      expect(await share(gateway, { 'x-canary': 'something' }, 50)).toBe(0);
      expect(await share(gateway, { cookie: 'a=b; try=always' }, 50)).toBe(50);
      expect(await share(gateway, { 'x-canary': 'never', cookie: 'try=always' }, 50)).toBe(0);

      await annotate(gateway, { 'canary-by-header': 'X-Canary', 'canary-by-header-value': 'eu' });
      expect(await share(gateway, { 'x-canary': 'eu' }, 50)).toBe(50);
      expect(await share(gateway, { 'x-canary': 'always' }, 50)).toBe(0);

      await annotate(gateway, { 'canary-by-header': 'X-Canary', 'canary-by-header-pattern': '^eu-[0-9]+$' });
      expect(await share(gateway, { 'x-canary': 'eu-12' }, 50)).toBe(50);
      expect(await share(gateway, { 'x-canary': 'eu-x' }, 50)).toBe(0);

      expect((await gateway.state()).reloads).toBe(before.reloads);
    },
  );

  testGateway(
    `a canary without endpoints takes nothing, ${form}`,
    {
      backends: ['stable'],
      gateway: ([stable]) => ({
        flags,
        manifests: {
          'shop.yaml': [
            ...workload('stable', [stable?.endpoint ?? '']),
            ...workload('canary', []),
            ingress('shop', { host: HOST, service: 'stable', created: '2020-01-01T00:00:00Z' }),
            canaryIngress({ 'canary-weight': '100' }),
          ],
        },
      }),
    },
    async ({ gateway }) => {
      const { byBackend } = await askOften(gateway.httpPort, 100, { host: HOST });
      expect(byBackend).toEqual({ stable: 100 });
    },
  );
}

function canaryIngress(annotations: Readonly<Record<string, string>>) {
  return ingress('shop-canary', {
    host: HOST,
    service: 'canary',
    created: '2020-01-02T00:00:00Z',
    annotations: { canary: 'true', ...annotations },
  });
}

async function annotate(gateway: Gateway, annotations: Readonly<Record<string, string>>): Promise<void> {
  await gateway.change(() => gateway.put('canary.yaml', canaryIngress(annotations)));
}

/** How many of `count` requests the canary got; the stable one must have got all others. */
async function share(gateway: Gateway, headers: Record<string, string> = {}, count = N): Promise<number> {
  const { byBackend } = await askOften(gateway.httpPort, count, { host: HOST, headers });
  const canary = byBackend.canary ?? 0;
  expect(canary + (byBackend.stable ?? 0)).toBe(count);
  return canary;
}

// Five sigma: one run in two million is wrong by chance.
function expectBinomial(got: number, probability: number): void {
  const sigma = Math.sqrt(N * probability * (1 - probability));
  expect(Math.abs(got - N * probability)).toBeLessThan(5 * sigma);
}
