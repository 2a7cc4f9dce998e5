// Certificates that ran out. They are served all the same, since clients decide what they accept; whoever has a
// clock asks (translation has none).

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';

/** @param now milliseconds since 1970. */
export function expiredCertificates(model: Model, now: number): readonly Diagnostic[] {
  return [...model.certificates.values()]
    .filter((certificate) => Date.parse(certificate.notAfter) < now)
    .map((certificate) => ({
      code: 'certificate-expired',
      severity: 'warning',
      object: `Secret/${certificate.id}`,
      field: "data['tls.crt']",
      message: `the certificate ran out at ${certificate.notAfter}; it is served, but clients will refuse it`,
      hint: 'Renew the certificate.',
    }));
}
