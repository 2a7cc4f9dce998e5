// The certificates that tests make are accepted by Node's own TLS, and only for the names in them.
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Backend, startBackend } from '../../support/backend.ts';
import { type Authority, makeAuthority, makeLeaf } from '../../support/certs.ts';
import { request } from '../../support/http-client.ts';

let backend: Backend | null = null;
afterEach(async () => backend?.close());

describe('makeLeaf', () => {
  test.each(['ec', 'rsa'] as const)('%s: a handshake that checks the chain succeeds', async (kind) => {
    const authority = await makeAuthority();
    const { port } = await serve(authority, kind);
    const tls = { ca: authority.cert, servername: 'a.example' };
    const answer = await request({ port, host: 'a.example', tls });
    expect(answer.status).toBe(200);
    expect(answer.certificate?.subjectaltname).toBe('DNS:a.example, DNS:*.b.example, IP Address:127.0.0.1');
    await expect(request({ port, tls: { ...tls, servername: 'c.example' } })).rejects.toThrow(/altnames/);
    const stranger = await makeAuthority('stranger');
    await expect(request({ port, tls: { ...tls, ca: stranger.cert } })).rejects.toThrow(/verify|issuer/);
  });

  test('has the wanted dates and kind of key', async () => {
    const authority = await makeAuthority();
    const notAfter = new Date('2020-02-03T04:05:06Z');
    const leaf = await makeLeaf(authority, {
      names: ['x.example'],
      kind: 'rsa',
      notBefore: new Date(0),
      notAfter,
    });
    const read = new X509Certificate(leaf.cert);
    expect(new Date(read.validTo)).toEqual(notAfter);
    expect(read.publicKey.asymmetricKeyType).toBe('rsa');
    expect(read.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  });
});

async function serve(authority: Authority, kind: 'ec' | 'rsa'): Promise<Backend> {
  const tls = await makeLeaf(authority, { names: ['a.example', '*.b.example', '127.0.0.1'], kind });
  backend = await startBackend({ name: 'tls', tls });
  return backend;
}
