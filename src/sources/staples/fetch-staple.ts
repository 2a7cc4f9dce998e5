// From a certificate to the OCSP response of its issuer: asked where the certificate says, and believed when it holds.

import { X509Certificate } from 'node:crypto';
import type { Staple } from '../../model/model.ts';
import { askResponder, type RawAnswer } from './ask-responder.ts';
import { certificateId, ocspRequest } from './certificate-id.ts';
import { isIssuedBy, readOcspResponse } from './ocsp-response.ts';
import { type AllowedNetworks, findResponder } from './responder-address.ts';

/** What is asked about, and of whom. */
export interface Subject {
  /** As `certificateId` gives it. */
  readonly id: Buffer;
  readonly issuer: X509Certificate;
  readonly url: string;
}

export type SubjectReading =
  | { readonly kind: 'subject'; readonly subject: Subject }
  /** Its issuer answers no questions, or none that can be put: nothing to do. */
  | { readonly kind: 'without-responder' }
  | { readonly kind: 'without-issuer' };

export type StapleOutcome =
  /** Milliseconds since 1970. */
  | { readonly kind: 'good'; readonly staple: Staple; readonly begins: number; readonly ends: number }
  | { readonly kind: 'revoked' }
  /** The message is a sentence's end: "the responder …". */
  | { readonly kind: 'failed'; readonly message: string };

export interface FetchParts {
  readonly allowed: AllowedNetworks;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** @param chain PEM, leaf first, as a Certificate has it. */
export function readSubject(chain: string): SubjectReading {
  const [leaf, issuer] = (chain.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [])
    .slice(0, 2)
    .map((block) => new X509Certificate(block));
  const url = leaf === undefined ? null : responderOf(leaf);
  if (leaf === undefined || url === null) return { kind: 'without-responder' };
  if (issuer === undefined || !isIssuedBy(issuer, leaf)) return { kind: 'without-issuer' };
  try {
    return { kind: 'subject', subject: { id: certificateId(leaf, issuer), issuer, url } };
  } catch (error) {
    // OpenSSL takes more for a certificate than we do.
    if (error instanceof RangeError) return { kind: 'without-responder' };
    throw error;
  }
}

export async function fetchStaple({ id, issuer, url }: Subject, parts: FetchParts): Promise<StapleOutcome> {
  const { allowed, now, signal } = parts;
  const found = await findResponder(url, allowed);
  if (!found.ok) return { kind: 'failed', message: found.message };
  const answer = await askAny(found.url, found.addresses, ocspRequest(id), signal);
  if (!answer.ok) return { kind: 'failed', message: answer.message };
  const said = readOcspResponse(answer.bytes, { id, issuer, now: now() });
  if (said.status === 'revoked') return { kind: 'revoked' };
  if (said.status === 'failed') return { kind: 'failed', message: said.message };
  const { begins, ends } = said;
  const response = answer.bytes.toString('base64');
  return { kind: 'good', staple: { response, ends: Math.floor(ends / 1000) }, begins, ends };
}

/** The first answer, or why there is none at the last address. */
async function askAny(
  url: URL,
  addresses: readonly string[],
  body: Buffer,
  signal: AbortSignal,
): Promise<RawAnswer> {
  let answer: RawAnswer = { ok: false, message: 'has no address' };
  for (const address of addresses) {
    answer = await askResponder({ url, address, body, signal });
    if (answer.ok) break;
  }
  return answer;
}

/** The first one of Authority Information Access. */
function responderOf(leaf: X509Certificate): string | null {
  const line = /^OCSP - URI:(.*)$/m.exec(leaf.infoAccess ?? '')?.[1] ?? '';
  // Node quotes what holds unusual characters; no responder's address does.
  return line === '' || line.startsWith('"') ? null : line;
}
