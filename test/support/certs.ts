// A certificate authority made for one test, and leaves signed by it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityInfoAccessExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

export type KeyKind = 'ec' | 'rsa';

/** PEM texts; the key is PKCS #8. */
export type Pair = { readonly cert: string; readonly key: string };

export type Authority = Pair & {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
};

export type LeafOptions = {
  /** DNS names, or IP addresses; the first is the common name. */
  readonly names: readonly [string, ...string[]];
  readonly kind?: KeyKind;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** URL of the OCSP responder. */
  readonly ocsp?: string;
  /** Extended key usages, as OIDs. */
  readonly usages?: readonly string[];
};

const day = 86_400_000;
const algorithms = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;

export async function makeAuthority(name = 'test authority'): Promise<Authority> {
  const keys = await makeKeys('ec');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    name: [{ CN: [name] }],
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 365 * day),
    signingAlgorithm: algorithms.ec,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyPem(keys.privateKey), certificate, keys };
}

export async function makeLeaf(authority: Authority, options: LeafOptions): Promise<Pair> {
  const { names, kind = 'ec', notBefore = new Date(Date.now() - day), notAfter } = options;
  const keys = await makeKeys(kind);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: makeSerial(),
    subject: [{ CN: [names[0]] }],
    issuer: authority.certificate.subject,
    notBefore,
    notAfter: notAfter ?? new Date(Date.now() + 90 * day),
    signingAlgorithm: algorithms.ec,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
          value,
        })),
      ),
      ...(options.ocsp === undefined ? [] : [new AuthorityInfoAccessExtension({ ocsp: options.ocsp })]),
      ...(options.usages === undefined ? [] : [new ExtendedKeyUsageExtension([...options.usages])]),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyPem(keys.privateKey) };
}

async function makeKeys(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const usages = ['sign', 'verify'] as const;
  return kind === 'ec'
    ? webcrypto.subtle.generateKey(algorithms.ec, true, usages)
    : webcrypto.subtle.generateKey(algorithms.rsa, true, usages);
}

// Positive and without a leading zero byte, as DER wants it.
function makeSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
