// The authorities of a Secret's ca.crt, written anew: what stands between the blocks of a PEM text goes no further.

import { createHash, X509Certificate } from 'node:crypto';
import type { Secret } from '../model/kubernetes.ts';
import type { Authority } from '../model/upstream.ts';

export type AuthorityReading =
  | { readonly ok: true; readonly authority: Authority }
  | { readonly ok: false; readonly fault: string };

const LARGEST = 512 * 1024;
const remembered = new WeakMap<Secret, AuthorityReading>();

/** null: the Secret has none. */
export function readAuthority(secret: Secret): AuthorityReading | null {
  const text = Object.hasOwn(secret.data, 'ca.crt') ? (secret.data['ca.crt'] ?? '') : '';
  if (text === '') return null;
  const known = remembered.get(secret);
  if (known !== undefined) return known;
  const reading = read(text);
  remembered.set(secret, reading);
  return reading;
}

function read(text: string): AuthorityReading {
  if (text.length > LARGEST) return { ok: false, fault: 'is too big' };
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { ok: false, fault: 'holds no PEM certificate' };
  try {
    const bundle = [...new Set(blocks.map((block) => new X509Certificate(block).toString()))].join('');
    const id = createHash('sha256').update(bundle).digest('hex').slice(0, 32);
    return { ok: true, authority: { id, bundle } };
  } catch {
    return { ok: false, fault: 'holds a certificate that cannot be read' };
  }
}
