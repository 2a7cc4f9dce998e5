// What the operator brings along: files of their own beside ours, and ports that somebody else has.

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startLoad } from '../support/load.ts';
import type { Places } from './support/gateway.ts';
import { configMap, ingress, ingressClass, service, slices, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

const own = ({ folder }: Places) => join(folder, 'own.conf');

testGateway(
  'a second default_server in a file of the operator is said with file and line; endpoints go on; mended, all is well',
  {
    backends: ['one', 'two'],
    gateway: ([one]) => ({
      nginx: 'by-hand',
      flags: (at) => ['--include-http', own(at), '--compile-quiet', '500ms', '--compile-interval', '500ms'],
      prepare: (at) => writeFile(own(at), '# nothing yet\n'),
      manifests: {
        'shop.yaml': [service('shop'), ingress('shop', { host: 'shop.example', service: 'shop' })],
        'slices.yaml': slices('shop', [one?.endpoint ?? '']),
      },
    }),
  },
  async ({ gateway, backends: [, two] }) => {
    const workers = await gateway.proxy.workers();
    const load = startLoad({ port: gateway.httpPort, host: 'shop.example', connections: 4, rate: 100 });
    const clash = `# the operator's\nserver {\n    listen 127.0.0.1:${gateway.httpPort} default_server;\n    return 418;\n}\n`;
    await writeFile(own(gateway), clash);
    // Something that is to be compiled brings it to light.
    await gateway.change(() =>
      gateway.put('new.yaml', ingress('new', { host: 'new.example', service: 'shop' })),
    );
    expect((await gateway.get('new.example')).status).toBe(200);
    const state = await gateway.stateWhen('it is said', ({ diagnostics }) => diagnostics.length > 0, 30_000);
    expect(state.diagnostics).toEqual([
      expect.objectContaining({
        severity: 'error',
        object: `File/${own(gateway)}`,
        message: expect.stringContaining('duplicate default server'),
      }),
    ]);
    expect(state.diagnostics[0]?.field).toMatch(/^3\b/);

    await gateway.change(() => gateway.put('slices.yaml', ...slices('shop', [two?.endpoint ?? ''])));
    expect((await gateway.get('shop.example')).headers['x-backend']).toBe('two');
    expect(await gateway.proxy.workers()).toEqual(workers);

    await writeFile(
      own(gateway),
      `server { listen 127.0.0.1:${gateway.httpPort}; server_name own.example; return 418; }\n`,
    );
    await gateway.stateWhen(
      'it is compiled',
      ({ diagnostics, hosts }) => diagnostics.length === 0 && hosts.compiled === 2,
      30_000,
    );
    expect((await gateway.get('own.example')).status).toBe(418);
    expect((await load.stop()).failures).toEqual([]);
  },
);

testGateway(
  'a port that somebody has when a supervised nginx starts is said; freed, it recovers by itself',
  {
    gateway: ([one]) => ({
      nginx: 'none',
      flags: ['--supervise'],
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
      prepare: ({ httpPort }) => occupy(httpPort),
    }),
  },
  async ({ gateway }) => {
    const state = await gateway.stateWhen(
      'it is said',
      (report) => JSON.stringify([report.diagnostics, report.waiting, report.nginx.notes]).includes('bind()'),
      30_000,
    );
    expect(state.settled).toBe(false);
    expect(JSON.stringify(state)).toContain(String(gateway.httpPort));
    await free();
    await gateway.settled(60_000);
    expect((await gateway.get('shop.example')).status).toBe(200);
  },
);

testGateway(
  'a port that is taken at a reload is said, the old files serve; freed, it comes into force',
  {
    gateway: ([one]) => ({
      nginx: 'by-hand',
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    await occupy(gateway.httpPort, '127.0.0.77');
    const settings = { 'worker-processes': '2', 'disable-access-log': 'true' };
    const addresses = (text: string) => configMap('gateway-settings', { ...settings, 'bind-address': text });
    await gateway.put('00-gateway.yaml', ingressClass(), addresses('127.0.0.1,127.0.0.77'));
    await gateway.stateWhen(
      'it is said',
      ({ diagnostics }) => diagnostics.some(({ message }) => message.includes('127.0.0.77')),
      30_000,
    );
    expect((await gateway.get('shop.example')).status).toBe(200);
    await free();
    await gateway.stateWhen(
      'it is in force',
      ({ settled, diagnostics }) => settled && diagnostics.length === 0,
      60_000,
    );
    expect((await gateway.get('shop.example', { address: '127.0.0.77' })).status).toBe(200);
  },
);

let occupier = createServer();

async function occupy(port: number, address = '127.0.0.1'): Promise<void> {
  occupier = createServer().listen({ port, host: address });
  await once(occupier, 'listening');
  closeAfterTest(free);
}

async function free(): Promise<void> {
  if (!occupier.listening) return;
  occupier.close();
  await once(occupier, 'close');
}
