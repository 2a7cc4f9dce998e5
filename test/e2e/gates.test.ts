// A gate that somebody asks for is never skipped: not on a new path of a host that is compiled, and not while the
// files that would say so are refused.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Places } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const own = ({ folder }: Places) => join(folder, 'own.conf');

testGateway(
  'a gated path is closed, and a plain one served, before the files know them',
  {
    gateway: ([one]) => ({
      nginx: 'by-hand',
      flags: (at) => ['--include-http', own(at), '--compile-interval', '200ms'],
      prepare: (at) => writeFile(own(at), '# nothing yet\n'),
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    expect((await gateway.state()).hosts.compiled).toBe(1);
    expect((await gateway.get('shop.example', { target: '/admin/x' })).status).toBe(200);
    await writeFile(own(gateway), 'no_such_directive on;\n');
    await gateway.put(
      'admin.yaml',
      ingress('admin', {
        host: 'shop.example',
        service: 'shop',
        path: '/admin',
        annotations: { 'auth-url': 'http://auth.example/' },
      }),
    );
    await gateway.stateWhen('nginx -t refused', ({ diagnostics }) =>
      diagnostics.some(({ code }) => code === 'nginx-test-failed'),
    );
    expect((await gateway.get('shop.example', { target: '/admin/x' })).status).toBe(503);
    expect((await gateway.get('shop.example', { target: '/admin' })).status).toBe(503);
    expect((await gateway.get('shop.example', { target: '/other' })).status).toBe(200);
    // Everything is in force, by the balancer that asks the router; only the faster form is not to be had.
    expect((await gateway.state()).settled).toBe(true);

    await writeFile(own(gateway), '# mended\n');
    await gateway.stateWhen('settled', ({ settled }) => settled, 30_000);
    expect((await gateway.get('shop.example', { target: '/admin/x' })).status).toBe(503);
    expect((await gateway.get('shop.example', { target: '/other' })).status).toBe(200);
  },
);
