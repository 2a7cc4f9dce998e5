// Identities towards endpoints while they change, with the real controller: what needs no compile is in force with the
// push; what does answers 503 until it is compiled, and never goes out under another identity or in the clear.
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startTlsServer, type TlsServer } from '../nginx/support/tls-server.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, type Manifest, tlsSecret, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

// Kept connections end soon, so that a renewed certificate is seen.
const settings = { 'upstream-keepalive-timeout': '1' };

type World = {
  readonly authority: Authority;
  readonly one: Pair;
  readonly two: Pair;
  readonly server: TlsServer;
};

for (const { form, flags } of FORMS) {
  let world: World;
  testGateway(
    `identities that change, ${form}`,
    {
      gateway: async () => {
        world = await makeWorld();
        return { flags, settings, manifests: { 'web.yaml': [...workload('web', [world.server.endpoint])] } };
      },
    },
    async ({ gateway }) => {
      const { server } = world;

      // HTTPS without an identity is there before anybody asks.
      const before = await gateway.state();
      const plain = await gateway.change(() => route(gateway, {}));
      expect((await gateway.get('web.example')).status).toBe(200);
      if (form === 'interpreted') expect(plain.reloads).toBe(before.reloads);
      expect(server.seen.at(-1)?.peer).toBe(null);

      await gateway.put('one.yaml', tlsSecret('one', world.one));
      const toOne = await during(gateway, server, () =>
        gateway.change(() => route(gateway, { 'proxy-ssl-secret': 'default/one' })),
      );
      // Requests of before the change went out as nobody, those after it as tenant one, none in between.
      expect(toOne.peers).toEqual(ordered(toOne.peers, [null, 'tenant-one']));
      expect(await peerNow(gateway, server)).toBe('tenant-one');

      await gateway.put('two.yaml', tlsSecret('two', world.two));
      const toTwo = await during(gateway, server, () =>
        gateway.change(() => route(gateway, { 'proxy-ssl-secret': 'default/two' })),
      );
      expect(toTwo.peers).toEqual(ordered(toTwo.peers, ['tenant-one', 'tenant-two']));
      expect(await peerNow(gateway, server)).toBe('tenant-two');
      for (const { statuses } of [toOne, toTwo])
        expect([...statuses].filter((s) => s !== 200 && s !== 503)).toEqual([]);
      expect((await gateway.state()).diagnostics).toEqual([]);

      // A renewed certificate, one that is broken, one that is gone: pushes all.
      const { reloads } = await gateway.state();
      const renewed = await makeLeaf(world.authority, { names: ['tenant-two-renewed'] });
      await gateway.change(() => gateway.put('two.yaml', tlsSecret('two', renewed)));
      await eventually('the renewed certificate is shown', async () => {
        await new Promise((done) => setTimeout(done, 1200));
        return (await peerNow(gateway, server)) === 'tenant-two-renewed';
      });
      const count = server.seen.length;
      const broken = { cert: renewed.cert, key: world.one.key };
      await gateway.change(() => gateway.put('two.yaml', tlsSecret('two', broken)));
      expect((await gateway.get('web.example')).status).toBe(503);
      await gateway.change(() => gateway.remove('two.yaml'));
      expect((await gateway.get('web.example')).status).toBe(503);
      expect(server.seen).toHaveLength(count);
      expect((await gateway.state()).diagnostics.map(({ code, object }) => [code, object])).toEqual([
        ['secret-missing', 'Ingress/default/web'],
      ]);
      await gateway.change(() => gateway.put('two.yaml', tlsSecret('two', renewed)));
      expect(await peerNow(gateway, server)).toBe('tenant-two-renewed');
      expect((await gateway.state()).reloads).toBe(reloads);
      expect(await gateway.proxy.errorLog()).not.toContain('PRIVATE KEY');
    },
  );
}

testGateway(
  'authorities are files: changed with a reload, mended after a crash, gone when nobody needs them',
  { gateway: { flags: ['--compile', 'at-once'], settings } },
  async ({ gateway }) => {
    const { authority, server } = await makeWorld();
    const other = await makeAuthority('another');
    const folder = join(gateway.prefix, 'conf/authorities');
    await gateway.put('web.yaml', ...workload('web', [server.endpoint]), trust(authority.cert));
    await gateway.change(() => verified(gateway));
    expect((await gateway.get('web.example')).status).toBe(200);
    const [first = ''] = readdirSync(folder);

    await gateway.change(() =>
      gateway.put('web.yaml', ...workload('web', [server.endpoint]), trust(other.cert)),
    );
    expect((await gateway.get('web.example')).status).toBe(502);
    expect(readdirSync(folder)).not.toContain(first);
    await gateway.change(() =>
      gateway.put('web.yaml', ...workload('web', [server.endpoint]), trust(authority.cert)),
    );
    expect((await gateway.get('web.example')).status).toBe(200);

    // A file that is lost while nobody looks is back before nginx has to start anew.
    await gateway.controller().kill();
    await rm(folder, { recursive: true });
    gateway.startController();
    await gateway.settled();
    expect(readdirSync(folder)).toEqual([first]);
    for (const master of (await gateway.state()).nginx.masters) process.kill(master, 'SIGHUP');
    await gateway.settled();
    expect((await gateway.get('web.example')).status).toBe(200);

    await gateway.change(() => gateway.remove('ingress.yaml'));
    await eventually('the file is gone', () => !existsSync(join(folder, first)));
  },
);

async function makeWorld(): Promise<World> {
  const authority = await makeAuthority();
  const pair = await makeLeaf(authority, { names: ['web.default.svc'] });
  const server = await startTlsServer({ pair, clientCa: authority.cert });
  closeAfterTest(() => server.close());
  const one = await makeLeaf(authority, { names: ['tenant-one'] });
  const two = await makeLeaf(authority, { names: ['tenant-two'] });
  return { authority, one, two, server };
}

function route(gateway: Gateway, annotations: Readonly<Record<string, string>>): Promise<void> {
  return gateway.put(
    'ingress.yaml',
    ingress('web', {
      host: 'web.example',
      service: 'web',
      annotations: { 'backend-protocol': 'HTTPS', ...annotations },
    }),
  );
}

function verified(gateway: Gateway): Promise<void> {
  return route(gateway, { 'proxy-ssl-secret': 'default/trust', 'proxy-ssl-verify': 'on' });
}

function trust(ca: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'trust', namespace: 'default' },
    stringData: { 'ca.crt': ca },
  };
}

async function peerNow(gateway: Gateway, server: TlsServer): Promise<string | null | undefined> {
  expect((await gateway.get('web.example')).status).toBe(200);
  return server.seen.at(-1)?.peer;
}

/** Asks all the time while `act` runs: what the endpoint saw, in order, and which statuses came back. */
async function during(gateway: Gateway, server: TlsServer, act: () => Promise<unknown>) {
  const from = server.seen.length;
  const statuses = new Set<number>();
  const control = { ended: false };
  const ask = async () => {
    while (!control.ended) statuses.add((await gateway.get('web.example')).status);
  };
  const asking = [ask(), ask()];
  await act();
  control.ended = true;
  await Promise.all(asking);
  return { peers: server.seen.slice(from).map(({ peer }) => peer), statuses };
}

/** All of the first, then all of the second. */
function ordered(peers: readonly (string | null)[], [first, second]: readonly [string | null, string]) {
  const count = peers.indexOf(second);
  const head = count < 0 ? peers.length : count;
  return peers.map((_, i) => (i < head ? first : second));
}
