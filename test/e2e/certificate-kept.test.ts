// A Secret that turns bad goes on with what it held before, whatever dies; two key types for one host.

import { X509Certificate } from 'node:crypto';
import { expect } from '@jest/globals';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { type Client, handshake } from '../support/handshake.ts';
import { request } from '../support/http-client.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, type Manifest, tlsSecret, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const authority: Promise<Authority> = makeAuthority();
const leaf = async (name: string, kind: 'ec' | 'rsa' = 'ec'): Promise<Pair> =>
  makeLeaf(await authority, { names: [name], kind });
const fingerprint = ({ cert }: Pair) => new X509Certificate(cert).fingerprint256;

async function shown(gateway: Gateway, more: Omit<Client, 'port'> = {}): Promise<string> {
  return (await handshake({ port: gateway.httpsPort, servername: 'shop.example', ...more })).fingerprint;
}

async function faults(gateway: Gateway): Promise<readonly string[]> {
  return (await gateway.state()).diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ object, message }) => `${object}: ${message}`);
}

for (const { form, flags } of FORMS) {
  testGateway(
    `a bad Secret never replaces a good certificate, also over restarts, ${form}`,
    {
      gateway: ([one]) => ({
        flags,
        nginx: 'by-hand',
        manifests: {
          'shop.yaml': [
            ...workload('shop', [one?.endpoint ?? '']),
            ingress('shop', { host: 'shop.example', service: 'shop', tls: 'shop-tls' }),
          ],
        },
      }),
      timeoutMs: 90_000,
    },
    async ({ gateway }) => {
      const own = await shown(gateway);
      const [first, second] = [await leaf('shop.example'), await leaf('shop.example', 'rsa')];
      const reloads = async () => (await gateway.settled()).reloads;
      const write = (pair: Pair) => gateway.put('secret.yaml', tlsSecret('shop-tls', pair));
      const said = (what: string, text: string) =>
        gateway.stateWhen(what, ({ settled, diagnostics }) => {
          return (
            settled &&
            diagnostics.some(({ object, message }) => object.startsWith('Secret/') && message.includes(text))
          );
        });

      await gateway.change(() => write(first));
      expect(await shown(gateway)).toBe(fingerprint(first));
      // The first certificate of a host that is compiled needs a server on the TLS port; after it, nothing does.
      await gateway.stateWhen('the host has its form', ({ settled, hosts }) => {
        return settled && hosts.compiled === (form === 'compiled' ? 1 : 0);
      });
      const before = await reloads();
      await write({ cert: 'garbage', key: 'garbage' });
      await said('garbage is seen', 'is shown instead since 20');
      expect(await shown(gateway)).toBe(fingerprint(first));
      await write({ cert: second.cert, key: first.key });
      await said('another key is seen', 'tls.key does not belong');
      expect(await shown(gateway)).toBe(fingerprint(first));
      expect((await gateway.get('shop.example')).status).toBe(308);
      expect((await gateway.getTls('shop.example')).status).toBe(200);

      expect(await reloads()).toBe(before);

      await gateway.controller().kill();
      expect(await shown(gateway)).toBe(fingerprint(first));
      gateway.startController();
      const after = await said('it is seen after a restart', 'is shown instead');
      expect(after.pushes).toBe(0);
      expect(await shown(gateway)).toBe(fingerprint(first));

      await gateway.controller().stop();
      await gateway.proxy.stop();
      await gateway.proxy.start();
      expect(await shown(gateway)).toBe(fingerprint(first));
      gateway.startController();
      await said('it is seen after both restarted', 'is shown instead');
      expect(await shown(gateway)).toBe(fingerprint(first));

      await gateway.change(() => write(second));
      expect(await shown(gateway)).toBe(fingerprint(second));
      expect(await faults(gateway)).toEqual([]);
      expect(await reloads()).toBe(0);

      await gateway.change(() => gateway.remove('secret.yaml'));
      expect(await shown(gateway)).toBe(own);
      expect(await faults(gateway)).toEqual([
        expect.stringContaining('there is no Secret "default/shop-tls"'),
      ]);
    },
  );

  testGateway(
    `RSA and ECDSA for one host: each client gets what it can use, ${form}; /metrics tells when they run out`,
    {
      gateway: ([one]) => ({ flags, manifests: { 'shop.yaml': workload('shop', [one?.endpoint ?? '']) } }),
    },
    async ({ gateway }) => {
      const [rsa, ec] = [await leaf('shop.example', 'rsa'), await leaf('shop.example')];
      const both = ingress('shop', { host: 'shop.example', service: 'shop', tls: 'rsa' }) as {
        readonly spec: { readonly tls: readonly object[] };
      };
      const tls = [...both.spec.tls, { hosts: ['shop.example'], secretName: 'ec' }];
      const shop = { ...both, spec: { ...both.spec, tls } } as Manifest;
      await gateway.change(() => gateway.put('tls.yaml', shop, tlsSecret('rsa', rsa), tlsSecret('ec', ec)));
      const onlyRsa = { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' };
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        expect(await shown(gateway, { version })).toBe(fingerprint(ec));
        expect(await shown(gateway, { version, sigalgs: 'ECDSA+SHA256' })).toBe(fingerprint(ec));
        expect(await shown(gateway, { version, ...onlyRsa })).toBe(fingerprint(rsa));
      }
      const oldClient = { version: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
      expect(await shown(gateway, oldClient)).toBe(fingerprint(rsa));

      const metrics = (await request({ port: gateway.adminPort, target: '/metrics' })).body;
      for (const [name, { cert }] of [
        ['rsa', rsa],
        ['ec', ec],
      ] as const) {
        const end = Date.parse(new X509Certificate(cert).validTo) / 1000;
        const line = metrics
          .split('\n')
          .find((text) => text.includes('ssl_expire_time') && text.includes(`secret_name="${name}"`));
        expect(line).toMatch(
          /^nginx_ingress_controller_ssl_expire_time_seconds\{.*host="shop\.example",namespace="default"/,
        );
        expect(Number(line?.split(' ').at(-1))).toBe(end);
      }

      const renewed = await leaf('shop.example');
      await gateway.change(() =>
        gateway.put('tls.yaml', shop, tlsSecret('rsa', rsa), tlsSecret('ec', renewed)),
      );
      expect(await shown(gateway)).toBe(fingerprint(renewed));
      expect(await shown(gateway, onlyRsa)).toBe(fingerprint(rsa));
      await gateway.change(() => gateway.put('tls.yaml', shop, tlsSecret('rsa', rsa)));
      expect(await shown(gateway)).toBe(fingerprint(rsa));
    },
  );
}
