// `--compile never`: no reload but for what only a directive can say.

import { expect } from '@jest/globals';
import { request } from '../support/http-client.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

testGateway(
  'with --compile never only listeners, global settings and directives reload',
  {
    gateway: ([one]) => ({
      flags: ['--compile', 'never', '--compile-interval', '100ms', '--compile-quiet', '100ms'],
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    const { reloads } = await gateway.state();
    const workers = await gateway.proxy.workers();

    for (const [name, host, path] of [
      ['other', 'other.example', '/'],
      ['path', 'shop.example', '/path'],
      ['wild', '*.wild.example', '/'],
    ] as const) {
      await gateway.change(() => gateway.put(`${name}.yaml`, ingress(name, { host, path, service: 'shop' })));
    }
    await gateway.change(() => gateway.remove('other.yaml'));
    expect((await gateway.get('shop.example', { target: '/path' })).status).toBe(200);
    expect((await gateway.get('a.wild.example')).status).toBe(200);
    expect((await gateway.get('other.example')).status).toBe(404);

    const state = await gateway.state();
    expect(state.reloads).toBe(reloads);
    expect(await gateway.proxy.workers()).toEqual(workers);
    expect(state.hosts.each).toEqual([
      expect.objectContaining({
        host: '*.wild.example',
        state: 'interpreted',
        waitsFor: expect.stringContaining('wildcard'),
      }),
      { host: 'shop.example', state: 'interpreted', waitsFor: 'never compiled: --compile never' },
    ]);

    const big = ingress('big', {
      host: 'big.example',
      service: 'shop',
      annotations: { 'proxy-buffer-size': '16k' },
    });
    await gateway.change(() => gateway.put('big.yaml', big));
    const withDirective = await gateway.stateWhen(
      'it is reloaded',
      (now) => now.settled && now.reloads > reloads,
    );
    expect(withDirective.reloads).toBe(reloads + 1);
    expect((await gateway.get('big.example')).status).toBe(200);

    // A directive that nobody uses any more may stay until something else asks for a reload.
    await gateway.change(() => gateway.remove('big.yaml'));
    await gateway.change(() =>
      gateway.put('more.yaml', ingress('more', { host: 'more.example', service: 'shop' })),
    );
    expect((await gateway.state()).reloads).toBe(reloads + 1);

    // What was in force with a push, and what had to wait for files, each by its own time.
    const { body } = await request({ port: gateway.adminPort, target: '/metrics' });
    const times = (kind: string) =>
      Number(new RegExp(`propagation_seconds_count\\{[^}]*kind="${kind}"[^}]*\\} (\\d+)`).exec(body)?.[1]);
    expect(times('push')).toBeGreaterThanOrEqual(6);
    expect(times('compile')).toBeGreaterThanOrEqual(1);
  },
);
