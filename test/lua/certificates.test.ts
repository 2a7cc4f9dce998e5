// Certificates by SNI on the real server: exact, wildcard, default, rotation, and bad ones.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { handshake } from '../support/handshake.ts';
import { request } from '../support/http-client.ts';
import { at, certificate, delta, full, host, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
let authority: Authority;
const leaf = (name: string, kind?: 'rsa') =>
  makeLeaf(authority, { names: [name], ...(kind === undefined ? {} : { kind }) });
/** What a worker holds of parsed certificates: `/hold?id=` looks one up, `/held` lists those that are still there. */
const PROBE = `
server {
  listen unix:{prefix}/run/probe.sock;
  location = /hold { content_by_lua_block {
    require("ingress.reader").sync()
    local parsed = require("ingress.parsed")
    parsed.limit = 3
    HELD = HELD or setmetatable({}, { __mode = "v" })
    HELD[ngx.var.arg_id] = parsed.get(ngx.var.arg_id)
  } }
  location = /held { content_by_lua_block {
    collectgarbage()
    collectgarbage()
    local ids = {}
    for id in pairs(HELD) do ids[#ids + 1] = id end
    table.sort(ids)
    ngx.print(table.concat(ids, " "))
  } }
}`;
const body = ({ cert, key }: Pair) => ({ chain: cert, key });

beforeAll(async () => {
  authority = await makeAuthority();
  gateway = await startGateway({ servers: PROBE });
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
  expect(log.match(/certificate ns\/mismatch cannot be shown/g)?.length).toBeLessThanOrEqual(2);
  expect(log.match(/certificate ns\/garbage cannot be used/g)?.length).toBeLessThanOrEqual(2);
  expect(log).not.toContain('SECRET-KEY-TEXT');
});

test('one certificate for each key type: each client gets what it can use, and the chain of that one', async () => {
  const [rsa, ec] = [await leaf('dual-rsa.test', 'rsa'), await leaf('dual-ec.test')];
  const chained = { cert: `${ec.cert}\n${authority.cert}\n`, key: ec.key };
  await gateway.post(
    full(at(3, 1), [
      settings(),
      certificate('ns/rsa', body(rsa)),
      certificate('ns/ec', body(chained)),
      certificate('ns/garbage', { chain: 'not a certificate', key: 'x' }),
      host('dual.test', {}, 'ns/rsa', ['ns/ec']),
      host('half.test', {}, 'ns/garbage', ['ns/ec']),
      host('other-half.test', {}, 'ns/rsa', ['ns/garbage', 'ns/no-such']),
    ]),
  );
  const port = gateway.tlsPort;
  const seen = async (servername: string, more: object = {}) => {
    const { name, length } = await handshake({ port, servername, ...more });
    return `${name} ${length}`;
  };
  const onlyRsa = { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' };
  const onlyEcdsa = { sigalgs: 'ECDSA+SHA256' };
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (let i = 0; i < 4; i++) {
      expect(await seen('dual.test', { version })).toBe('dual-ec.test 2');
      expect(await seen('dual.test', { version, ...onlyRsa })).toBe('dual-rsa.test 1');
      expect(await seen('dual.test', { version, ...onlyEcdsa })).toBe('dual-ec.test 2');
    }
  }
  const oldRsa = { version: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' };
  expect(await seen('dual.test', oldRsa)).toBe('dual-rsa.test 1');
  expect(await seen('half.test')).toBe('dual-ec.test 2');
  expect(await seen('other-half.test')).toBe('dual-rsa.test 1');
});

test('what cannot be parsed or shown never replaces what could, and what can does', async () => {
  const [first, second, other] = [await leaf('keep-1.test'), await leaf('keep-2.test'), await leaf('x.test')];
  const all = async () => new Set(await Promise.all(Array.from({ length: 8 }, () => shown('keep.test'))));
  await gateway.post(
    full(at(4, 1), [settings(), certificate('ns/keep', body(first)), host('keep.test', {}, 'ns/keep')]),
  );
  // Each of the two workers has to have shown it once.
  for (let i = 0; i < 5; i++) expect(await all()).toEqual(new Set(['keep-1.test']));
  const steps = [
    [{ chain: 'not a certificate', key: first.key }, 'keep-1.test'],
    [{ chain: second.cert, key: other.key }, 'keep-1.test'],
    [{ chain: second.cert, key: 'not a key' }, 'keep-1.test'],
    [body(second), 'keep-2.test'],
    [{ chain: first.cert, key: second.key }, 'keep-2.test'],
    [body(first), 'keep-1.test'],
  ] as const;
  for (const [index, [next, expected]] of steps.entries()) {
    await gateway.post(delta(at(4, index + 1), at(4, index + 2), [certificate('ns/keep', next)]));
    expect([index, await all(), await all()]).toEqual([index, new Set([expected]), new Set([expected])]);
  }
  await gateway.post(delta(at(4, 7), at(4, 8), [], ['certificate:ns/keep']));
  expect(await shown('keep.test')).toBe('static.invalid');
});

test('an OCSP response is shown with its certificate only, and not after its end', async () => {
  const [rsa, ec] = [await leaf('ocsp-rsa.test', 'rsa'), await leaf('ocsp-ec.test')];
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const ocsp = (text: string, ends = soon) => ({ response: Buffer.from(text).toString('base64'), ends });
  await gateway.post(
    full(at(5, 1), [
      settings({ defaultCertificate: 'ns/default' }),
      certificate('ns/default', { ...body(await leaf('default.test')), ocsp: ocsp('of the default') }),
      certificate('ns/rsa', {
        ...body(rsa),
        schemes: ['0804', '0805', '0806'],
        ocsp: ocsp('of the RSA one'),
      }),
      certificate('ns/ec', { ...body(ec), schemes: ['0403'], ocsp: ocsp('of the EC one') }),
      certificate('ns/ec-bare', { ...body(ec), schemes: ['0403'] }),
      certificate('ns/ended', { ...body(ec), ocsp: ocsp('of yesterday', soon - 7200) }),
      host('rsa.test', {}, 'ns/rsa'),
      host('dual.test', {}, 'ns/rsa', ['ns/ec']),
      host('half.test', {}, 'ns/rsa', ['ns/ec-bare']),
      host('ended.test', {}, 'ns/ended'),
    ]),
  );
  const port = gateway.tlsPort;
  const seen = async (servername: string, more: object = {}) => {
    const { name, staple } = await handshake({ port, servername, ...more });
    return `${name}: ${staple?.toString() ?? 'nothing'}`;
  };
  const onlyRsa = { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' };
  expect(await seen('rsa.test')).toBe('ocsp-rsa.test: of the RSA one');
  expect(await seen('rsa.test', { version: 'TLSv1.2' })).toBe('ocsp-rsa.test: of the RSA one');
  expect(await seen('nobody.test')).toBe('default.test: of the default');
  expect(await seen('ended.test')).toBe('ocsp-ec.test: nothing');
  expect(await seen('dual.test')).toBe('ocsp-ec.test: of the EC one');
  expect(await seen('dual.test', onlyRsa)).toBe('ocsp-rsa.test: of the RSA one');
  expect(await seen('dual.test', { version: 'TLSv1.2' })).toBe('ocsp-ec.test: nothing');
  expect(await seen('half.test')).toBe('ocsp-ec.test: nothing');
  expect(await seen('half.test', onlyRsa)).toBe('ocsp-rsa.test: of the RSA one');
});

test('what was not shown for long is forgotten, and parsed again when it is needed', async () => {
  const lone = await startGateway({ servers: PROBE, workers: 1 });
  try {
    const one = body(await leaf('many.test'));
    const ids = Array.from({ length: 12 }, (_, number) => `c${number + 10}`);
    await lone.post(full(at(1, 1), [settings(), ...ids.map((id) => certificate(id, one))]));
    const probe = async (target: string) =>
      (await request({ port: 0, socketPath: `${lone.prefix}/run/probe.sock`, target })).body;
    for (const id of ids) {
      await probe(`/hold?id=c10`);
      await probe(`/hold?id=${id}`);
    }
    const held = (await probe('/held')).split(' ');
    expect(held).toEqual(expect.arrayContaining(['c10', 'c21']));
    expect(held.length).toBeLessThanOrEqual(6);
    await probe('/hold?id=c11');
    expect(await probe('/held')).toContain('c11');
    expect(await lone.errorLog()).not.toMatch(/\[(error|alert|crit)\]/);
  } finally {
    await lone.close();
  }
});
