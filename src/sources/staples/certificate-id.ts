// How OCSP names a certificate (RFC 6960, 4.1.1): by hashes of its issuer's name and key, and its serial number.

import { createHash, type X509Certificate } from 'node:crypto';
import { bitsOf, childrenOf, contextTag, expectTag, readDer, TAG, writeDer } from './der.ts';

/** CertID in DER. Throws RangeError when a certificate is not of the usual form. SHA-1 because that is the one hash that every responder knows; nothing depends on its strength. */
export function certificateId(leaf: X509Certificate, issuer: X509Certificate): Buffer {
  const { serial, issuerName } = fieldsOf(leaf);
  const { key } = fieldsOf(issuer);
  const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  return writeDer(
    TAG.sequence,
    writeDer(TAG.sequence, SHA1, writeDer(TAG.null)),
    writeDer(TAG.bytes, sha1(issuerName)),
    writeDer(TAG.bytes, sha1(key)),
    serial,
  );
}

/** OCSPRequest in DER: one certificate, no nonce, so that responders may answer from a cache. */
export function ocspRequest(id: Buffer): Buffer {
  const one = writeDer(TAG.sequence, id);
  return writeDer(TAG.sequence, writeDer(TAG.sequence, writeDer(TAG.sequence, one)));
}

const SHA1 = writeDer(TAG.oid, Buffer.from('2b0e03021a', 'hex'));

function fieldsOf(certificate: X509Certificate) {
  const [tbs] = childrenOf(readDer(certificate.raw), TAG.sequence);
  const fields = childrenOf(expectTag(tbs, TAG.sequence), TAG.sequence);
  const [serial, , issuerName, , , keyInfo] = fields[0]?.tag === contextTag(0) ? fields.slice(1) : fields;
  const [, key] = childrenOf(expectTag(keyInfo, TAG.sequence), TAG.sequence);
  return {
    serial: expectTag(serial, TAG.integer).whole,
    issuerName: expectTag(issuerName, TAG.sequence).whole,
    key: bitsOf(key),
  };
}
