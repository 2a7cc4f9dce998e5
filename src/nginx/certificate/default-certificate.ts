// The certificate that clients see who name no host of ours: made by ourselves once, as nginx must have one for each
// TLS listener. Kept over restarts, so that clients which pinned it in a test go on working.

import { errorCode } from '../files/world-error.ts';
import 'reflect-metadata';

import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, X509CertificateGenerator } from '@peculiar/x509';

import { LAYOUT } from '../../model/runtime.ts';
import { writeDurably } from '../state/durable.ts';

export type DefaultCertificate =
  | { readonly outcome: 'kept' | 'made' }
  /** What was there could not be used. */
  | { readonly outcome: 'remade'; readonly note: string };

/** The folder is there already (`ensureFolders`). Throws only system errors. @param now milliseconds since 1970. */
export async function ensureDefaultCertificate(prefix: string, now: number): Promise<DefaultCertificate> {
  const paths = { chain: join(prefix, LAYOUT.defaultCertificate), key: join(prefix, LAYOUT.defaultKey) };
  const [chain, key] = await Promise.all([readOrNull(paths.chain), readOrNull(paths.key)]);
  const fault = chain === null || key === null ? null : findFault(chain, key, now);
  if (chain !== null && key !== null && fault === null) return { outcome: 'kept' };

  const made = await makeCertificate(now);
  // The key first: a crash between the two leaves a pair that does not match, which is seen at the next start.
  await writeDurably(paths.key, made.key, 0o600);
  await writeDurably(paths.chain, made.chain, 0o600);
  if (chain === null && key === null) return { outcome: 'made' };
  return {
    outcome: 'remade',
    note: `the default certificate was made anew: ${fault ?? 'one of its files was missing'}`,
  };
}

const NAME = 'ingress-openresty default certificate';
const TEN_YEARS_MS = 10 * 365.25 * 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;

function findFault(chain: string, key: string, now: number): string | null {
  try {
    const certificate = new X509Certificate(chain);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return 'its key did not match';
    return Date.parse(certificate.validTo) < now ? 'it had expired' : null;
  } catch {
    return 'its files were garbled';
  }
}

async function makeCertificate(now: number): Promise<{ readonly chain: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const serial = webcrypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive, and without a zero in front, as DER wants it
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(serial).toString('hex'),
    name: [{ CN: [NAME] }],
    notBefore: new Date(now - DAY_MS), // for clients whose clock is behind
    notAfter: new Date(now + TEN_YEARS_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  return { chain: `${certificate.toString('pem')}\n`, key: String(key) };
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
