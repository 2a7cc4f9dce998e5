// Certificates by SNI, and their rotation while handshakes go on: no reload, no failed handshake.

import { X509Certificate } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, tlsSecret, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const authority: Promise<Authority> = makeAuthority();

for (const { form, flags } of FORMS) {
  testGateway(
    `a certificate is rotated under handshakes, ${form}`,
    {
      gateway: async ([one]) => ({
        flags,
        manifests: {
          'shop.yaml': [
            ...workload('shop', [one?.endpoint ?? '']),
            ingress('shop', { host: 'shop.example', service: 'shop', tls: 'shop-tls' }),
          ],
          'secret.yaml': [tlsSecret('shop-tls', await leaf('shop.example'))],
        },
      }),
    },
    async ({ gateway }) => {
      const before = await gateway.state();
      const workers = await gateway.proxy.workers();
      const { cert: ca } = await authority;
      const seen = new Set<string>();
      let handshakes = 0;
      let running = true;
      const handshaking = Array.from({ length: 3 }, async () => {
        while (running) {
          const answer = await gateway.getTls('shop.example', { tls: { servername: 'shop.example', ca } });
          expect(answer.status).toBe(200);
          seen.add(answer.certificate?.fingerprint256 ?? 'none');
          handshakes += 1;
        }
      });

      for (let i = 0; i < 5; i++) {
        const next = await leaf('shop.example', i % 2 === 0 ? 'rsa' : 'ec');
        await gateway.change(() => gateway.put('secret.yaml', tlsSecret('shop-tls', next)));
        expect(await shownFor(gateway, 'shop.example')).toBe(fingerprint(next));
        await sleep(100);
        seen.clear();
        const from = handshakes;
        await eventually('more handshakes', () => handshakes >= from + 6);
        expect([...seen]).toEqual([fingerprint(next)]);
      }

      running = false;
      await Promise.all(handshaking);
      expect(handshakes).toBeGreaterThan(50);
      expect((await gateway.settled()).reloads).toBe(before.reloads);
      expect(await gateway.proxy.workers()).toEqual(workers);
    },
  );

  testGateway(
    `the certificate follows the name: exact, wildcard, default, ${form}; HTTP/2 is spoken`,
    {
      gateway: ([one]) => ({ flags, manifests: { 'shop.yaml': workload('shop', [one?.endpoint ?? '']) } }),
    },
    async ({ gateway }) => {
      const exact = await leaf('shop.example');
      const wildcard = await leaf('*.example');
      const own = await shownFor(gateway, 'shop.example');
      await gateway.change(() =>
        gateway.put(
          'tls.yaml',
          ingress('shop', { host: 'shop.example', service: 'shop', tls: 'exact' }),
          ingress('any', { host: '*.example', service: 'shop', tls: 'wildcard' }),
          tlsSecret('exact', exact),
          tlsSecret('wildcard', wildcard),
        ),
      );
      expect(await shownFor(gateway, 'shop.example')).toBe(fingerprint(exact));
      expect(await shownFor(gateway, 'SHOP.example')).toBe(fingerprint(exact));
      expect(await shownFor(gateway, 'other.example')).toBe(fingerprint(wildcard));
      expect(await shownFor(gateway, 'two.labels.example')).toBe(own);
      expect(await shownFor(gateway, 'example')).toBe(own);
      expect(await shownFor(gateway, '')).toBe(own);

      const { cert: ca } = await authority;
      expect(await askHttp2(gateway, 'shop.example', ca, 20)).toEqual(
        Array.from({ length: 20 }, () => '200 one'),
      );
    },
  );
}

async function leaf(name: string, kind: 'ec' | 'rsa' = 'ec'): Promise<Pair> {
  return makeLeaf(await authority, { names: [name], kind });
}

function fingerprint(pair: Pair): string {
  return new X509Certificate(pair.cert).fingerprint256;
}

async function shownFor(gateway: Gateway, servername: string): Promise<string> {
  const answer = await gateway.getTls('shop.example', { tls: { servername } });
  return answer.certificate?.fingerprint256 ?? 'none';
}

/** Streams of one connection; status and backend of each. */
async function askHttp2(
  gateway: Gateway,
  host: string,
  ca: string,
  streams: number,
): Promise<readonly string[]> {
  const session = connectHttp2(`https://${host}:${gateway.httpsPort}`, {
    ca,
    servername: host,
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  } as Parameters<typeof connectHttp2>[1]);
  try {
    return await Promise.all(
      Array.from(
        { length: streams },
        () =>
          new Promise<string>((done, fail) => {
            session.setMaxListeners(0).once('error', fail);
            const stream = session.request({ ':path': '/', ':authority': host });
            let answer = '';
            stream.on('response', (headers) => {
              answer = `${headers[':status']} ${String(headers['x-backend'])}`;
            });
            stream
              .on('error', fail)
              .on('end', () => done(answer))
              .resume();
          }),
      ),
    );
  } finally {
    session.destroy();
  }
}
