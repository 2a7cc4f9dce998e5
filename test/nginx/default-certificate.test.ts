import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LAYOUT } from '../../src/model/runtime.ts';
import { ensureDefaultCertificate } from '../../src/nginx/certificate/default-certificate.ts';
import { ensureFolders } from '../../src/nginx/state/folders.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { startNginx } from '../support/nginx-process.ts';
import { freePort } from '../support/ports.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
let prefix: string;
const chain = () => join(prefix, LAYOUT.defaultCertificate);
const key = () => join(prefix, LAYOUT.defaultKey);
beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'default-certificate-'));
  await ensureFolders(prefix);
});
afterEach(() => rm(prefix, { recursive: true, force: true }));

test('made once, for ten years, closed to others, and kept', async () => {
  expect(await ensureDefaultCertificate(prefix, NOW)).toEqual({ outcome: 'made' });
  const first = await readFile(chain(), 'utf8');
  const certificate = new X509Certificate(first);
  expect(certificate.subject).toBe('CN=ingress-openresty default certificate');
  expect(new Date(certificate.validTo).getUTCFullYear()).toBe(2036);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW);
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  for (const path of [chain(), key()]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await ensureDefaultCertificate(prefix, NOW)).toEqual({ outcome: 'kept' });
  expect(await readFile(chain(), 'utf8')).toBe(first);
});

test.each([
  ['a garbled certificate', () => writeFile(chain(), 'garbage'), 'garbled'],
  ['a cut key', async () => writeFile(key(), (await readFile(key(), 'utf8')).slice(0, 80)), 'garbled'],
  ['a missing key', () => rm(key()), 'missing'],
  [
    'a key of another certificate',
    async () => writeFile(key(), (await makeLeaf(await makeAuthority(), { names: ['a'] })).key),
    'did not match',
  ],
])('%s: made anew, and said so', async (_name, damage, word) => {
  await ensureDefaultCertificate(prefix, NOW);
  await damage();
  const outcome = await ensureDefaultCertificate(prefix, NOW);
  expect(outcome).toEqual({ outcome: 'remade', note: expect.stringContaining(word) });
  expect(await ensureDefaultCertificate(prefix, NOW)).toEqual({ outcome: 'kept' });
});

test('an expired one is made anew', async () => {
  await ensureDefaultCertificate(prefix, NOW);
  const later = NOW + 11 * 365 * 24 * 3600 * 1000;
  expect(await ensureDefaultCertificate(prefix, later)).toMatchObject({ outcome: 'remade' });
});

test('nginx serves it', async () => {
  await ensureDefaultCertificate(prefix, Date.now());
  const port = await freePort();
  const server = await startNginx({
    waitFor: port,
    config: `pid logs/nginx.pid; error_log logs/error.log; events {}
      http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
        uwsgi_temp_path t4; scgi_temp_path t5;
        server { listen 127.0.0.1:${port} ssl; ssl_certificate ${chain()}; ssl_certificate_key ${key()};
          location / { return 200 ok; } } }`,
  });
  try {
    const answer = await request({ port, tls: { servername: 'unknown.example' } });
    expect(answer.certificate?.subject.CN).toBe('ingress-openresty default certificate');
    expect(answer.body).toBe('ok');
  } finally {
    await server.cleanup();
  }
});
