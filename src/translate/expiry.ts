// Certificates that ran out. They are served all the same, since clients decide what they accept; whoever has a
// clock asks (translation has none).

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';

/** The same list as long as no certificate is another one and none ran out meanwhile. */
export function createExpiry(): (model: Model, now: number) => readonly Diagnostic[] {
  let last: readonly Diagnostic[] = [];
  let seen: Model['certificates'] | null = null;
  let until = Number.POSITIVE_INFINITY;
  return (model, now) => {
    if (seen === model.certificates && now < until) return last;
    seen = model.certificates;
    until = Number.POSITIVE_INFINITY;
    for (const { notAfter } of seen.values()) {
      const end = Date.parse(notAfter);
      if (end >= now) until = Math.min(until, end + 1);
    }
    last = expiredCertificates(model, now);
    return last;
  };
}

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
