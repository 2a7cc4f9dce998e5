// The name by which sources know a certificate, from a chain that was in force: as `Certificate.leaf`, without parsing.

import { createHash } from 'node:crypto';

/** SHA-256 of the first certificate of a PEM text; null when there is none. */
export function leafDigest(chain: string): string | null {
  const packed = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(chain)?.[1];
  return packed === undefined
    ? null
    : createHash('sha256').update(Buffer.from(packed, 'base64')).digest('hex');
}
