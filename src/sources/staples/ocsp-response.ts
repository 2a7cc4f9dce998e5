// What a responder answered, believed only when it is signed by who may (the issuer, or whom the issuer named for it),
// is about the certificate that was asked for, and holds now (RFC 6960, 3.2 and 4.2).

import { verify, X509Certificate } from 'node:crypto';
import {
  bitsOf,
  childrenOf,
  contextTag,
  type DerNode,
  expectTag,
  insideOf,
  readDer,
  TAG,
  timeOf,
} from './der.ts';

export type OcspAnswer =
  | { readonly status: 'good'; readonly begins: number; readonly ends: number }
  | { readonly status: 'revoked' }
  /** Nothing that may be believed; the message is a sentence's end: "the responder …". */
  | { readonly status: 'failed'; readonly message: string };

export interface OcspQuestion {
  /** As `certificateId` gives it. */
  readonly id: Buffer;
  readonly issuer: X509Certificate;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function readOcspResponse(bytes: Buffer, question: OcspQuestion): OcspAnswer {
  try {
    return judge(bytes, question);
  } catch (error) {
    if (error instanceof RangeError) return failed('answered with something that is not an OCSP response');
    throw error;
  }
}

/** Times of the first answer, unverified: for what was verified before it was written down. Null: malformed. */
export function ocspTimes(bytes: Buffer): { readonly begins: number; readonly ends: number } | null {
  try {
    const [single] = readBasic(bytes).singles;
    return single === undefined ? null : timesOf(single);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function judge(bytes: Buffer, { id, issuer, now }: OcspQuestion): OcspAnswer {
  const [status] = childrenOf(readDer(bytes), TAG.sequence);
  const code = expectTag(status, TAG.enumerated).content[0] ?? 0;
  if (code !== 0) return failed(`refused to answer (${REFUSALS[code] ?? code})`);
  const basic = readBasic(bytes);
  if (!isSignedFor(basic, issuer, now))
    return failed('signed its answer with a key that may not answer for the issuer');
  const single = basic.singles.find(([about]) => about !== undefined && isSameId(about, id));
  if (single === undefined) return failed('answered about another certificate');
  const times = timesOf(single);
  if (times.begins > now + CLOCK_SKEW) return failed('answered with something that is not valid yet');
  if (times.ends <= now) return failed('answered with something that is out of date');
  const said = single[1]?.tag;
  if (said === 0x80) return { status: 'good', ...times };
  return said === 0xa1 ? { status: 'revoked' } : failed('does not know the certificate');
}

const REFUSALS: Readonly<Record<number, string>> = {
  1: 'malformed request',
  2: 'internal error',
  3: 'try later',
  5: 'signature required',
  6: 'unauthorized',
};
const CLOCK_SKEW = 5 * 60_000;
/** A responder that names no end has always something newer; caches take it for so long (as nginx does). */
const WITHOUT_END = 3_600_000;
const MOST_CERTIFICATES = 5;

interface Basic {
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
  readonly certificates: readonly Buffer[];
  readonly singles: readonly (readonly DerNode[])[];
}

function readBasic(bytes: Buffer): Basic {
  const [, body] = childrenOf(readDer(bytes), TAG.sequence);
  const [, packed] = childrenOf(insideOf(expectTag(body, contextTag(0)), contextTag(0)), TAG.sequence);
  const basic = readDer(expectTag(packed, TAG.bytes).content);
  const [data, algorithm, signature, certificates] = childrenOf(basic, TAG.sequence);
  const [oid] = childrenOf(expectTag(algorithm, TAG.sequence), TAG.sequence);
  const fields = childrenOf(expectTag(data, TAG.sequence), TAG.sequence);
  const [, , responses] = fields[0]?.tag === contextTag(0) ? fields.slice(1) : fields;
  const list =
    certificates === undefined ? [] : childrenOf(insideOf(certificates, contextTag(0)), TAG.sequence);
  return {
    signed: expectTag(data, TAG.sequence).whole,
    algorithm: expectTag(oid, TAG.oid).content.toString('hex'),
    signature: bitsOf(signature),
    certificates: list.slice(0, MOST_CERTIFICATES).map(({ whole }) => whole),
    singles: childrenOf(expectTag(responses, TAG.sequence), TAG.sequence).map((single) =>
      childrenOf(single, TAG.sequence),
    ),
  };
}

function timesOf([, , begins, end]: readonly DerNode[]): { readonly begins: number; readonly ends: number } {
  const from = timeOf(begins);
  return {
    begins: from,
    ends: end?.tag === contextTag(0) ? timeOf(insideOf(end, contextTag(0))) : from + WITHOUT_END,
  };
}

/** The hash algorithm may be written with or without its NULL. */
function isSameId(about: DerNode, id: Buffer): boolean {
  const parts = (node: DerNode): readonly DerNode[] => childrenOf(node, TAG.sequence);
  const [algorithm, ...rest] = parts(about);
  const [wanted, ...others] = parts(readDer(id));
  const oid = (node: DerNode | undefined) =>
    parts(expectTag(node, TAG.sequence))[0]?.whole ?? Buffer.alloc(0);
  return (
    oid(algorithm).equals(oid(wanted)) &&
    rest.length === others.length &&
    rest.every(({ whole }, index) => others[index]?.whole.equals(whole) ?? false)
  );
}

/** By OID, hex: RSA PKCS #1, ECDSA and Ed25519; nothing with SHA-1. */
const HASHES: Readonly<Record<string, string | null>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

function isSignedFor(basic: Basic, issuer: X509Certificate, now: number): boolean {
  const hash = HASHES[basic.algorithm];
  if (hash === undefined) return false;
  const signers = [issuer, ...basic.certificates.map(readCertificate).filter((one) => one !== null)];
  return signers.some(
    (signer) => (signer === issuer || mayAnswerFor(issuer, signer, now)) && isSignedBy(signer, hash, basic),
  );
}

function isSignedBy(signer: X509Certificate, hash: string | null, { signed, signature }: Basic): boolean {
  try {
    return verify(hash, signed, signer.publicKey, signature);
  } catch {
    return false;
  }
}

function mayAnswerFor(issuer: X509Certificate, signer: X509Certificate, now: number): boolean {
  const inTime = signer.validFromDate.getTime() <= now && now < signer.validToDate.getTime();
  // `keyUsage` holds the extended ones.
  const named = (signer.keyUsage as readonly string[] | undefined)?.includes(OCSP_SIGNING) ?? false;
  return inTime && named && isIssuedBy(issuer, signer);
}

/** Does the issuer's key sign it, and the issuer's name stand in it? */
export function isIssuedBy(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function readCertificate(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

function failed(message: string): OcspAnswer {
  return { status: 'failed', message };
}
