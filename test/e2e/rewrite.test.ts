// A rewrite on a host that is compiled: no request ever reaches an endpoint half rewritten, another target is a push,
// and without the rewrite the host is as before.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Places } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const own = ({ folder }: Places) => join(folder, 'own.conf');

const rewriting = (target: string) =>
  ingress('api', {
    host: 'shop.example',
    service: 'shop',
    path: '/api(/|$)(.*)',
    pathType: 'ImplementationSpecific',
    annotations: { 'rewrite-target': target },
  });

testGateway(
  'a rewrite comes, changes and goes',
  {
    gateway: ([one]) => ({
      nginx: 'by-hand',
      flags: (at) => ['--include-http', own(at), '--compile-interval', '200ms', '--compile-quiet', '200ms'],
      prepare: (at) => writeFile(own(at), '# nothing yet\n'),
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway, backends: [backend] }) => {
    const asked = async (target: string) => {
      const { status } = await gateway.get('shop.example', { target });
      return status === 200 ? backend?.last()?.url : status;
    };
    expect((await gateway.state()).hosts.compiled).toBe(1);
    expect(await asked('/api/x?y=z')).toBe('/api/x?y=z');

    // While nginx refuses files, the host keeps its server: that cannot rewrite, and does not pretend to.
    await writeFile(own(gateway), 'no_such_directive on;\n');
    await gateway.put('api.yaml', rewriting('/$2'));
    await gateway.stateWhen('nginx -t refused', ({ diagnostics }) =>
      diagnostics.some(({ code }) => code === 'nginx-test-failed'),
    );
    expect(await asked('/api/x?y=z')).toBe(503);
    expect(await asked('/API')).toBe(503);
    expect(await asked('/other')).toBe('/other');

    await writeFile(own(gateway), '# mended\n');
    const before = await gateway.stateWhen(
      'interpreted',
      ({ settled, hosts }) => settled && hosts.compiled === 0,
      30_000,
    );
    expect(await asked('/api/x?y=z')).toBe('/x?y=z');
    expect(await asked('/API')).toBe('/');
    expect(await asked('/other')).toBe('/other');
    expect(before.diagnostics.map(({ code }) => code)).not.toContain('nginx-test-failed');

    await gateway.put('api.yaml', rewriting('/v2/$2'));
    await gateway.stateWhen(
      'settled',
      ({ settled, generation }) => settled && generation > before.generation,
    );
    expect(await asked('/api/x')).toBe('/v2/x');
    expect((await gateway.state()).reloads).toBe(before.reloads);

    await gateway.remove('api.yaml');
    await gateway.stateWhen(
      'compiled again',
      ({ settled, hosts }) => settled && hosts.compiled === 1,
      30_000,
    );
    expect(await asked('/api/x')).toBe('/api/x');
    expect(await asked('/apix')).toBe('/apix');
  },
);
