// The certificate and key of a Secret, judged as the proxy will judge them: what passes here can be served, so a
// bad Secret never costs more than its own hosts. Remembered by the Secret's identity: parsing is slow.
//
// A Secret that was good once and is bad now goes on with what it held before (`Snapshot.kept`), and says so.

import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { objectName, type Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import type { KeptCertificate } from '../model/snapshot.ts';
import type { Problem } from './report.ts';

export type CertificateReading =
  | {
      readonly ok: true;
      readonly certificate: Certificate;
      readonly covers: (host: string) => boolean;
      /** What is wrong with the Secret's present content, when the certificate is that of before. */
      readonly problem: Problem | null;
    }
  /** The message ends before what that does to traffic. */
  | { readonly ok: false; readonly problem: Problem };

/** A chain and a key that can be served together, or which of the two is at fault. */
export type PairReading =
  | { readonly ok: true; readonly certificate: Certificate; readonly leaf: X509Certificate }
  | { readonly ok: false; readonly entry: 'tls.crt' | 'tls.key'; readonly fault: string };

const LARGEST = 256 * 1024;
const remembered = new WeakMap<Secret, PairReading>();
const leaves = new WeakMap<Certificate, X509Certificate>();

/** What a Secret serves: what it holds, else what was kept of it. */
export function readCertificate(secret: Secret, kept: KeptCertificate | undefined): CertificateReading {
  const reading = readSecretPair(secret);
  if (reading.ok && kept?.ranOut !== true)
    return { ...shown(reading.certificate, reading.leaf), problem: null };
  const { entry: at, fault } = reading.ok
    ? { entry: 'tls.crt', fault: ranOut(reading.certificate) }
    : reading;
  if (kept === undefined) {
    return { ok: false, problem: problemOf(at, fault) };
  }
  const { certificate, since } = kept;
  const until = `valid until ${certificate.notAfter}`;
  const instead = `the certificate of before, ${until}, is shown instead${since === null ? '' : ` since ${since}`}`;
  return { ...shown(certificate, leafOf(certificate)), problem: problemOf(at, `${fault}; ${instead}`) };
}

export function readSecretPair(secret: Secret): PairReading {
  const known = remembered.get(secret);
  if (known !== undefined) return known;
  const reading = readPair(
    objectName(secret.metadata),
    entryOf(secret, 'tls.crt'),
    entryOf(secret, 'tls.key'),
  );
  remembered.set(secret, reading);
  return reading;
}

/** @param id of the certificate. */
export function readPair(id: string, chainText: string, keyText: string): PairReading {
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
    id,
    // Written anew: what stands between the blocks of a PEM text goes no further.
    chain: chain.map((item) => item.toString()).join(''),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
    notAfter: notAfter.toISOString(),
    keyType: leaf.publicKey.asymmetricKeyType ?? 'unknown',
    schemes: schemesOf(leaf.publicKey),
    leaf: createHash('sha256').update(leaf.raw).digest('hex'),
    staple: null,
  };
  leaves.set(certificate, leaf);
  return { ok: true, certificate, leaf };
}

function shown(certificate: Certificate, leaf: X509Certificate) {
  return { ok: true, certificate, covers: (host: string) => covers(leaf, host) } as const;
}

/** Of a certificate that went round by way of a Model, parsed anew. */
function leafOf(certificate: Certificate): X509Certificate {
  const known = leaves.get(certificate) ?? new X509Certificate(certificate.chain);
  leaves.set(certificate, known);
  return known;
}

function ranOut(certificate: Certificate): string {
  return `ran out at ${certificate.notAfter}`;
}

function entryOf(secret: Secret, name: string): string {
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

/** RFC 8446, 4.2.3, as far as OpenSSL takes them. */
function schemesOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): readonly string[] {
  if (type === 'rsa') return ['0804', '0805', '0806'];
  if (type === 'rsa-pss') return ['0809', '080a', '080b'];
  if (type === 'ed25519') return ['0807'];
  if (type === 'ed448') return ['0808'];
  const curve = details?.namedCurve ?? '';
  const scheme = { prime256v1: '0403', secp384r1: '0503', secp521r1: '0603' }[curve];
  return scheme === undefined ? [] : [scheme];
}

/** As Go's VerifyHostname: whole-label wildcards, one label; the common name counts only without DNS names. */
function covers(leaf: X509Certificate, host: string): boolean {
  return leaf.checkHost(host, { partialWildcards: false }) !== undefined;
}

function refuse(entry: 'tls.crt' | 'tls.key', fault: string): PairReading {
  return { ok: false, entry, fault };
}

function problemOf(entry: string, fault: string): Problem {
  return {
    code: 'certificate-invalid',
    severity: 'error',
    field: `data['${entry}']`,
    message: `${entry} ${fault}`,
    hint: 'Put the certificate, followed by its chain, into tls.crt and its private key into tls.key, both as PEM.',
  };
}
