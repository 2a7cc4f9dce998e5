// What a backend sees and a client gets without any annotation: as ingress-nginx does it, in both forms.
import { expect } from '@jest/globals';
import type { Seen } from '../support/backend.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { FORMS } from './support/forms.ts';
import { ingress, tlsSecret, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

for (const { form, flags } of FORMS) {
  testGateway(
    `defaults of headers, redirects and statuses, ${form}`,
    {
      gateway: async ([one]) => ({
        flags,
        manifests: {
          'shop.yaml': [
            ...workload('shop', [one?.endpoint ?? '']),
            ...workload('empty', []),
            ingress('shop', { host: 'shop.example', service: 'shop' }),
            ingress('safe', { host: 'safe.example', service: 'shop', tls: 'safe-tls' }),
            ingress('empty', { host: 'empty.example', service: 'empty' }),
            tlsSecret('safe-tls', await makeLeaf(await makeAuthority(), { names: ['safe.example'] })),
          ],
        },
      }),
    },
    async ({ gateway }) => {
      const plain = await gateway.get('shop.example:8080', {
        target: '/a%20b/?q=1',
        headers: {
          'X-Forwarded-For': '1.2.3.4',
          'X-Forwarded-Proto': 'https',
          'X-Forwarded-Host': 'evil.example',
          Proxy: 'http://evil.example',
        },
      });
      expect(plain.status).toBe(200);
      const seen = plain.json<Seen>();
      expect(seen.url).toBe('/a%20b/?q=1');
      expect(seen.httpVersion).toBe('1.1');
      expect(seen.headers).toMatchObject({
        host: 'shop.example:8080',
        'x-real-ip': '127.0.0.1',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'shop.example:8080',
        'x-forwarded-port': String(gateway.httpPort),
        'x-forwarded-proto': 'http',
        'x-forwarded-scheme': 'http',
        'x-scheme': 'http',
        'x-original-forwarded-for': '1.2.3.4',
      });
      expect(seen.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
      expect(seen.headers).not.toHaveProperty('proxy');
      expect(plain.headers).not.toHaveProperty('strict-transport-security');
      const named = await gateway.get('shop.example', { headers: { 'X-Request-ID': 'mine' } });
      expect(named.json<Seen>().headers['x-request-id']).toBe('mine');

      const safe = await gateway.getTls('safe.example');
      expect(safe.status).toBe(200);
      expect(safe.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
      expect(safe.json<Seen>().headers).toMatchObject({
        'x-forwarded-proto': 'https',
        'x-forwarded-port': '443',
      });

      const redirected = await gateway.get('safe.example:8080', { target: '/a?b=c' });
      expect([redirected.status, redirected.headers.location]).toEqual([308, 'https://safe.example/a?b=c']);
      const acme = await gateway.get('safe.example', { target: '/.well-known/acme-challenge/token' });
      expect(acme.status).toBe(200);

      expect((await gateway.get('unknown.example')).status).toBe(404);
      expect((await gateway.getTls('unknown.example')).status).toBe(404);
      expect((await gateway.get('empty.example')).status).toBe(503);
    },
  );
}
