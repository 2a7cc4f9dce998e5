// A prefix has one controller: the second refuses, says who has it, and disturbs nothing.
import { expect } from '@jest/globals';
import { freePort } from '../support/ports.ts';
import { runToEnd } from './support/controller.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

testGateway(
  'the second controller of a prefix refuses and disturbs nothing',
  {
    gateway: ([one]) => ({
      // No compile but the first, however long this takes.
      flags: ['--compile-interval', '10m'],
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    const workers = await gateway.proxy.workers();
    const second = await runToEnd([
      ...commonFlags(gateway),
      '--http-port',
      String(await freePort()),
      '--https-port',
      String(await freePort()),
      '--admin-address',
      '127.0.0.1:0',
    ]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`pid ${gateway.controller().pid}`);
    expect(second.stderr).toContain(gateway.prefix);
    expect(second.stderr).toContain('--prefix');

    expect(await gateway.proxy.workers()).toEqual(workers);
    await gateway.change(() =>
      gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
    );
    expect((await gateway.get('new.example')).status).toBe(200);
  },
);

testGateway(
  'an admin address that is taken is said, and nothing is started',
  { gateway: { nginx: 'none' } },
  async ({ gateway, backends: [one] }) => {
    await gateway.stateWhen('it is up', () => true);
    await gateway.controller().kill();
    const again = await runToEnd([...commonFlags(gateway), '--admin-address', one?.endpoint ?? '']);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--admin-address');
    expect(again.stderr).toContain(one?.endpoint);
    expect(await gateway.proxy.masters()).toEqual([]);
  },
);

function commonFlags({ manifests, prefix, nginx }: Gateway): readonly string[] {
  return ['run', '--manifests', manifests, '--prefix', prefix, '--nginx', nginx.binary, '--supervise'];
}
