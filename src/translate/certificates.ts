// The certificate and key of a Secret, judged as the proxy will judge them: what passes here can be served, so a
// bad Secret never costs more than its own hosts. Remembered by the Secret's identity: parsing is slow.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { objectName, type Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import type { Problem } from './report.ts';

export type CertificateReading =
  | { readonly ok: true; readonly certificate: Certificate; readonly covers: (host: string) => boolean }
  | { readonly ok: false; readonly problem: Problem };

const LARGEST = 256 * 1024;
const remembered = new WeakMap<Secret, CertificateReading>();

export function readCertificate(secret: Secret): CertificateReading {
  const known = remembered.get(secret);
  if (known !== undefined) return known;
  const reading = judge(secret);
  remembered.set(secret, reading);
  return reading;
}

function judge(secret: Secret): CertificateReading {
  const chainText = entry(secret, 'tls.crt');
  const keyText = entry(secret, 'tls.key');
  if (chainText === '') return refuse('tls.crt', 'is missing');
  if (keyText === '') return refuse('tls.key', 'is missing');
  if (chainText.length > LARGEST || keyText.length > LARGEST) return refuse('tls.crt', 'is too big');

  const chain = readChain(chainText);
  const [leaf] = chain ?? [];
  if (chain === null || leaf === undefined)
    return refuse('tls.crt', 'is not a PEM certificate that can be read');
  const key = readKey(keyText);
  if (key === null)
    return refuse('tls.key', 'is not a PEM private key that can be read without a passphrase');
  if (!matches(leaf, key))
    return chain.some((item) => matches(item, key))
      ? refuse('tls.crt', 'does not begin with the certificate of the key, but with one of its chain')
      : refuse('tls.key', 'does not belong to the certificate');
  const weakness = chain.map(weaknessOf).find((item) => item !== null) ?? null;
  if (weakness !== null) return refuse('tls.crt', weakness);
  const notAfter = leaf.validToDate;
  if (Number.isNaN(notAfter.getTime())) return refuse('tls.crt', 'has no end of validity that can be read');

  const certificate: Certificate = {
    id: objectName(secret.metadata),
    // Written anew: what stands between the blocks of a PEM text goes no further.
    chain: chain.map((item) => item.toString()).join(''),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    notAfter: notAfter.toISOString(),
  };
  return { ok: true, certificate, covers: (host) => covers(leaf, host) };
}

function entry(secret: Secret, name: string): string {
  return Object.hasOwn(secret.data, name) ? (secret.data[name] ?? '') : '';
}

function readChain(text: string): readonly X509Certificate[] | null {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > 20) return null;
  try {
    const chain = blocks.map((block) => new X509Certificate(block));
    // Reading a key of an unknown algorithm throws.
    return chain.every((item) => item.publicKey.type === 'public') ? chain : null;
  } catch {
    return null;
  }
}

function readKey(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

function matches(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}

/** What OpenSSL refuses at security level 2, Debian's and OpenResty's default: less than 112 bits, or SHA-1. */
function weaknessOf(certificate: X509Certificate): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if ((type === 'rsa' || type === 'rsa-pss' || type === 'dsa') && (details?.modulusLength ?? 0) < 2048)
    return 'holds a key of less than 2048 bits, which OpenSSL refuses';
  if (type === 'ec' && /(192|1[0-9]{2})[a-z]?[0-9]$/.test(details?.namedCurve ?? ''))
    return 'holds a key on a curve of less than 224 bits, which OpenSSL refuses';
  const selfSigned = certificate.subject === certificate.issuer;
  if (!selfSigned && /md5|sha1(?![0-9])/i.test(certificate.signatureAlgorithm ?? ''))
    return 'is signed with SHA-1 or MD5, which OpenSSL refuses';
  return null;
}

/** As Go's VerifyHostname: whole-label wildcards, one label; the common name counts only without DNS names. */
function covers(leaf: X509Certificate, host: string): boolean {
  return leaf.checkHost(host, { partialWildcards: false }) !== undefined;
}

function refuse(name: string, fault: string): CertificateReading {
  return {
    ok: false,
    problem: {
      code: 'certificate-invalid',
      severity: 'error',
      field: `data['${name}']`,
      message: `${name} ${fault}; the default certificate is shown instead`,
      hint: 'Put the certificate, followed by its chain, into tls.crt and its private key into tls.key, both as PEM.',
    },
  };
}
