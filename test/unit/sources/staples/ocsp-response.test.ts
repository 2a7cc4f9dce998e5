// Answers that OpenSSL made, honest and not: what is believed.
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { certificateId, ocspRequest } from '../../../../src/sources/staples/certificate-id.ts';
import {
  type OcspAnswer,
  ocspTimes,
  readOcspResponse,
} from '../../../../src/sources/staples/ocsp-response.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../../support/certs.ts';
import { type OcspResponder, type Signing, startOcspResponder } from '../../../support/ocsp-responder.ts';

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
let authority: Authority;
let stranger: Authority;
let leaf: Pair;
let responder: OcspResponder;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([makeAuthority(), makeAuthority()]);
  leaf = await makeLeaf(authority, { names: ['shop.example'], kind: 'rsa' });
  responder = await startOcspResponder(authority);
});
afterAll(() => responder?.close());

function idOf(pair: Pair, by: Authority = authority): Buffer {
  return certificateId(new X509Certificate(pair.cert), new X509Certificate(by.cert));
}

async function ask(pair: Pair, how: Signing = {}): Promise<Buffer> {
  return responder.sign(ocspRequest(idOf(pair, how.authority)), how);
}

function read(bytes: Buffer, pair: Pair = leaf, now = Date.now()): OcspAnswer {
  return readOcspResponse(bytes, { id: idOf(pair), issuer: new X509Certificate(authority.cert), now });
}

describe('believed', () => {
  test('good, with its times', async () => {
    responder.know(leaf);
    const bytes = await ask(leaf);
    const answer = read(bytes);
    expect(answer).toMatchObject({ status: 'good' });
    const times = ocspTimes(bytes) ?? { begins: 0, ends: 0 };
    expect(answer).toEqual({ status: 'good', ...times });
    expect(times.ends - times.begins).toBe(3_600_000);
    expect(Math.abs(times.begins - Date.now())).toBeLessThan(60_000);
  });

  test('revoked', async () => {
    const revoked = await makeLeaf(authority, { names: ['revoked.example'] });
    responder.know(revoked, 'revoked');
    expect(read(await ask(revoked), revoked)).toEqual({ status: 'revoked' });
  });

  test.each(['ec', 'rsa'] as const)('signed by whom the issuer named for it, with %s', async (kind) => {
    responder.know(leaf);
    const signer = await makeLeaf(authority, { names: ['ocsp.example'], usages: [OCSP_SIGNING], kind });
    for (const digest of ['sha256', 'sha384', 'sha512']) {
      expect(read(await ask(leaf, { signer, digest }))).toMatchObject({ status: 'good' });
    }
  });
});

describe('not believed', () => {
  const failed = (message: string) => ({ status: 'failed', message });

  test('signed by another certificate of the issuer, one that ran out, a stranger, with SHA-1', async () => {
    responder.know(leaf);
    const unsigned = failed('signed its answer with a key that may not answer for the issuer');
    const plain = await makeLeaf(authority, { names: ['ocsp.example'] });
    expect(read(await ask(leaf, { signer: plain }))).toEqual(unsigned);
    const notAfter = new Date(Date.now() - 1000);
    const old = await makeLeaf(authority, { names: ['x.example'], usages: [OCSP_SIGNING], notAfter });
    expect(read(await ask(leaf, { signer: old }))).toEqual(unsigned);
    const foreign = await makeLeaf(stranger, { names: ['ocsp.example'], usages: [OCSP_SIGNING] });
    expect(read(await ask(leaf, { signer: foreign }))).toEqual(unsigned);
    expect(read(await ask(leaf, { digest: 'sha1' }))).toEqual(unsigned);
  });

  test('about another certificate, or another issuer’s of the same number', async () => {
    const other = await makeLeaf(authority, { names: ['other.example'] });
    responder.know(other);
    expect(read(await ask(other))).toEqual(failed('answered about another certificate'));
    responder.know(leaf);
    const foreign = await ask(leaf, { authority: stranger, signer: authority });
    expect(read(foreign)).toEqual(failed('answered about another certificate'));
  });

  test('unknown, out of date, from the future', async () => {
    const nobody = await makeLeaf(authority, { names: ['nobody.example'] });
    expect(read(await ask(nobody), nobody)).toEqual(failed('does not know the certificate'));
    responder.know(leaf);
    const bytes = await ask(leaf, { minutes: 10 });
    expect(read(bytes, leaf, Date.now() + 11 * 60_000)).toEqual(
      failed('answered with something that is out of date'),
    );
    expect(read(bytes, leaf, Date.now() - 10 * 60_000)).toEqual(
      failed('answered with something that is not valid yet'),
    );
  });

  test('refusals', () => {
    expect(read(Buffer.from('30030a0103', 'hex'))).toEqual(failed('refused to answer (try later)'));
    expect(read(Buffer.from('30030a0106', 'hex'))).toEqual(failed('refused to answer (unauthorized)'));
  });

  test('no byte of an answer can be changed, cut or added without being noticed', async () => {
    responder.know(leaf);
    const bytes = await ask(leaf);
    const begins = ocspTimes(bytes)?.begins ?? 0;
    const index = fc.integer({ min: 0, max: bytes.length - 1 });
    fc.assert(
      fc.property(index, fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        const answer = read(changed, leaf, begins + 1000);
        // Certificates beside the signature prove nothing by themselves, and the id of the responder is not used.
        if (answer.status === 'good') expect(answer.ends).toBe(begins + 3_600_000);
        expect(answer.status).not.toBe('revoked');
      }),
    );
    fc.assert(
      fc.property(index, fc.uint8Array({ maxLength: 20 }), (at, junk) => {
        expect(read(bytes.subarray(0, at)).status).toBe('failed');
        if (junk.length > 0) expect(read(Buffer.concat([bytes, junk])).status).toBe('failed');
        expect(read(Buffer.from(junk)).status).toBe('failed');
      }),
    );
  });
});
