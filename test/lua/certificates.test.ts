// Certificates by SNI on the real server: exact, wildcard, default, rotation, and bad ones.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { at, certificate, delta, full, host, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
let authority: Authority;
const leaf = (name: string, kind?: 'rsa') =>
  makeLeaf(authority, { names: [name], ...(kind === undefined ? {} : { kind }) });
const body = ({ cert, key }: Pair) => ({ chain: cert, key });

beforeAll(async () => {
  authority = await makeAuthority();
  gateway = await startGateway();
});
afterAll(() => gateway?.close());

/** Common name of the certificate that a client is shown. */
async function shown(servername?: string): Promise<string> {
  const tls = servername === undefined ? {} : { servername };
  const { certificate: seen } = await request({ port: gateway.tlsPort, host: 'x.test', tls });
  return String(seen?.subject.CN);
}

test('before any document, the static one of the files', async () => {
  expect(await shown('shop.test')).toBe('static.invalid');
});

test('exact, wildcard, every other, default, rotation, removal', async () => {
  const put = full(at(1, 1), [
    settings({ defaultCertificate: 'ns/default' }),
    certificate('ns/default', body(await leaf('default.test'))),
    certificate('ns/shop', body(await leaf('shop-1.test', 'rsa'))),
    certificate('ns/wild', body(await leaf('wild.test'))),
    host('shop.test', {}, 'ns/shop'),
    host('*.wild.test', {}, 'ns/wild'),
    host('plain.wild.test', {}),
    host('plain.test', {}),
    host('lost.test', {}, 'ns/no-such'),
  ]);
  expect((await gateway.post(put)).code).toBe(200);
  expect(await shown('shop.test')).toBe('shop-1.test');
  expect(await shown('SHOP.Test')).toBe('shop-1.test');
  expect(await shown('a.wild.test')).toBe('wild.test');
  expect(await shown('plain.wild.test')).toBe('wild.test');
  for (const name of ['a.b.wild.test', 'wild.test', 'plain.test', 'lost.test', 'nobody.test', undefined]) {
    expect([name, await shown(name)]).toEqual([name, 'default.test']);
  }
  await gateway.post(delta(at(1, 1), at(1, 2), [certificate('ns/shop', body(await leaf('shop-2.test')))]));
  for (let i = 0; i < 8; i++) expect(await shown('shop.test')).toBe('shop-2.test');
  const every = [certificate('ns/every', body(await leaf('every.test'))), host('*', {}, 'ns/every')];
  await gateway.post(delta(at(1, 2), at(1, 3), every, ['certificate:ns/shop']));
  expect(await shown('nobody.test')).toBe('every.test');
  expect(await shown('shop.test')).toBe('every.test');
});

test('a certificate that cannot be used is told once, and the default shown', async () => {
  const [good, other] = [await leaf('good.test'), await leaf('other.test')];
  await gateway.post(
    full(at(2, 1), [
      settings({ defaultCertificate: 'ns/default' }),
      certificate('ns/default', body(await leaf('default.test'))),
      certificate('ns/garbage', { chain: 'not a certificate', key: 'SECRET-KEY-TEXT' }),
      certificate('ns/mismatch', { chain: good.cert, key: other.key }),
      host('garbage.test', {}, 'ns/garbage'),
      host('mismatch.test', {}, 'ns/mismatch'),
    ]),
  );
  for (let i = 0; i < 6; i++) {
    expect(await shown('garbage.test')).toBe('default.test');
    expect(await shown('mismatch.test')).toBe('default.test');
  }
  const log = await gateway.errorLog();
  expect(log.match(/certificate ns\/garbage cannot be used/g)?.length).toBeLessThanOrEqual(2);
  expect(log).not.toContain('SECRET-KEY-TEXT');
});
