import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { expiredCertificates } from '../../../src/translate/expiry.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../support/certs.ts';
import { codes, ingress, ours, path, routes, secret, translate } from './support/objects.ts';

let authority: Authority;
let shop: Pair;
let wild: Pair;
beforeAll(async () => {
  authority = await makeAuthority();
  [shop, wild] = await Promise.all([
    makeLeaf(authority, { names: ['shop.example'], kind: 'rsa' }),
    makeLeaf(authority, { names: ['*.shop.example', '*.wild.example'] }),
  ]);
});

const data = (pair: Pair) => ({ 'tls.crt': pair.cert, 'tls.key': pair.key });
const tls = (secretName: string | undefined, hosts = ['shop.example']) => [{ hosts, secretName }];
const over = (name: string, entries: ReturnType<typeof tls>, host = 'shop.example', created = '') =>
  ingress(name, {
    tls: entries,
    rules: [{ host, paths: [path('/')] }],
    metadata: { creationTimestamp: created },
  });

describe('certificates', () => {
  test('of the entry that lists the host, whatever the case; redirects to https', () => {
    const model = translate([over('a', tls('cert', ['SHOP.example'])), secret('cert', data(shop))]);
    expect(model.servers.get('shop.example')?.certificate).toBe('default/cert');
    expect(routes(model)[0]?.sslRedirect).toBe(true);
    const found = model.certificates.get('default/cert');
    expect(new X509Certificate(found?.chain ?? '').subject).toBe('CN=shop.example');
    expect(found?.notAfter).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(codes(model)).toEqual([]);
  });

  test('the chain follows the leaf, and text between the blocks is dropped', () => {
    const cert = `# deny all;\n${shop.cert}\njunk\n${authority.cert}`;
    const model = translate([over('a', tls('cert')), secret('cert', { ...data(shop), 'tls.crt': cert })]);
    const chain = model.certificates.get('default/cert')?.chain ?? '';
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(chain).not.toMatch(/deny|junk/);
  });

  test('of any entry whose certificate covers the host, else the default one; https all the same', () => {
    const entries = [...tls(undefined, ['x.example']), ...tls('cert', []), ...tls('wild', [])];
    const objects = [secret('cert', data(shop)), secret('wild', data(wild))];
    const covered = translate([over('a', entries, 'a.shop.example'), ...objects]);
    expect(covered.servers.get('a.shop.example')?.certificate).toBe('default/wild');
    const deep = translate([over('a', entries, 'a.b.shop.example'), ...objects]);
    expect(deep.servers.get('a.b.shop.example')?.certificate).toBeNull();
    expect(routes(deep, 'a.b.shop.example')[0]?.sslRedirect).toBe(true);
    expect(codes(deep)).toContain('warning tls-host-uncovered Ingress/default/a spec.tls');
  });

  test('of wildcard hosts', () => {
    const model = translate([
      over('a', tls('wild', ['*.shop.example']), '*.shop.example'),
      secret('wild', data(wild)),
    ]);
    expect(model.servers.get('*.shop.example')?.certificate).toBe('default/wild');
    expect(codes(model)).toEqual([]);
  });

  test('an entry without a Secret is the default certificate', () => {
    const model = translate([over('a', tls(undefined))]);
    expect(model.servers.get('shop.example')?.certificate).toBeNull();
    expect(routes(model)[0]?.sslRedirect).toBe(true);
    expect(codes(model)).toEqual([]);
  });

  test('the oldest Ingress with TLS decides; the others only bring paths', () => {
    const model = translate([
      over('plain', [], 'shop.example', '2026-01-01T00:00:00Z'),
      over('first', tls('cert'), 'shop.example', '2026-01-02T00:00:00Z'),
      over('second', tls('wild'), 'shop.example', '2026-01-03T00:00:00Z'),
      secret('cert', data(shop)),
      secret('wild', data(wild)),
    ]);
    expect(model.servers.get('shop.example')?.certificate).toBe('default/cert');
    expect(routes(model)[0]).toMatchObject({ object: 'Ingress/default/plain', sslRedirect: true });
  });

  test('ssl-redirect can be off; the server of all other hosts does not redirect', () => {
    const off = ingress('a', {
      tls: tls(undefined),
      metadata: { annotations: ours({ 'ssl-redirect': 'false' }) },
    });
    expect(routes(translate([off]))[0]?.sslRedirect).toBe(false);
    expect(routes(translate([over('a', tls(undefined, []), '')]), '*')[0]?.sslRedirect).toBe(false);
  });

  test('a Secret of another namespace is never meant', () => {
    const model = translate([over('a', tls('cert')), secret('cert', data(shop), 'other')]);
    expect(codes(model)).toEqual(['error secret-missing Ingress/default/a spec.tls[0].secretName']);
    expect(codes(translate([over('a', tls('../other/cert')), secret('cert', data(shop), 'other')]))).toEqual([
      'error secret-missing Ingress/default/a spec.tls[0].secretName',
    ]);
  });

  test('hosts of spec.tls without a rule are told', () => {
    const model = translate([
      over('a', tls('wild', ['*.shop.example', 'b.example']), 'x.shop.example'),
      secret('wild', data(wild)),
    ]);
    expect(codes(model)).toEqual(['info tls-host-idle Ingress/default/a spec.tls[0].hosts[1]']);
    expect(model.servers.get('x.shop.example')?.certificate).toBe('default/wild');
  });

  test.each<[string, () => Record<string, string>, string]>([
    ['no certificate', () => ({ 'tls.key': shop.key }), 'tls.crt'],
    ['no key', () => ({ 'tls.crt': shop.cert }), 'tls.key'],
    ['junk', () => ({ 'tls.crt': 'junk', 'tls.key': shop.key }), 'tls.crt'],
    [
      'a torn certificate',
      () => ({ ...data(shop), 'tls.crt': shop.cert.replace(/\n[^\n]+\n-----END/, '\n-----END') }),
      'tls.crt',
    ],
    ['a torn key', () => ({ ...data(shop), 'tls.key': shop.key.slice(0, 400) }), 'tls.key'],
    ['the key of another', () => ({ ...data(shop), 'tls.key': wild.key }), 'tls.key'],
    ['the leaf last', () => ({ ...data(shop), 'tls.crt': authority.cert + shop.cert }), 'tls.crt'],
    ['too much', () => ({ ...data(shop), 'tls.crt': shop.cert + 'x'.repeat(300_000) }), 'tls.crt'],
  ])('%s: the default certificate, and the Secret is named', (_, of, name) => {
    const model = translate([over('a', tls('cert')), secret('cert', of())]);
    expect(model.servers.get('shop.example')?.certificate).toBeNull();
    expect(model.certificates.size).toBe(0);
    expect(routes(model)[0]?.sslRedirect).toBe(true);
    expect(codes(model)).toEqual([`error certificate-invalid Secret/default/cert data['${name}']`]);
    expect(JSON.stringify(model.diagnostics)).not.toContain('PRIVATE');
  });

  test('a certificate for another host', () => {
    const model = translate([over('a', tls('wild')), secret('wild', data(wild))]);
    expect(model.servers.get('shop.example')?.certificate).toBeNull();
    expect(codes(model)).toEqual(['error certificate-host Ingress/default/a spec.tls[0].secretName']);
  });

  test('RSA below 2048 bits, which OpenSSL would refuse', async () => {
    const algorithm = {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: 'SHA-256',
    };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=shop.example',
      keys,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'shop.example' }])],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    const weak = {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
    };
    const model = translate([over('a', tls('cert')), secret('cert', data(weak))]);
    expect(codes(model)).toEqual(["error certificate-invalid Secret/default/cert data['tls.crt']"]);
    expect(model.diagnostics[0]?.message).toContain('2048');
  });

  test('one that ran out is served; who has a clock is told', async () => {
    const end = new Date('2026-02-01T00:00:00Z');
    const old = await makeLeaf(authority, {
      names: ['shop.example'],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: end,
    });
    const model = translate([over('a', tls('cert')), secret('cert', data(old))]);
    expect(model.servers.get('shop.example')?.certificate).toBe('default/cert');
    expect(expiredCertificates(model, end.getTime() - 1)).toEqual([]);
    expect(expiredCertificates(model, end.getTime() + 1)).toMatchObject([
      { object: 'Secret/default/cert', severity: 'warning' },
    ]);
  });

  test('--default-ssl-certificate', () => {
    const good = translate([secret('cert', data(shop))], { defaultSslCertificate: 'default/cert' });
    expect(good.settings.defaultCertificate).toBe('default/cert');
    expect([...good.certificates.keys()]).toEqual(['default/cert']);
    const missing = translate([], { defaultSslCertificate: 'default/cert' });
    expect(missing.settings.defaultCertificate).toBeNull();
    expect(codes(missing)).toEqual(['error secret-missing Flag/--default-ssl-certificate']);
    const bad = translate([secret('cert', {})], { defaultSslCertificate: 'default/cert' });
    expect(bad.settings.defaultCertificate).toBeNull();
    expect(codes(bad)).toEqual(["error certificate-invalid Secret/default/cert data['tls.crt']"]);
  });
});
