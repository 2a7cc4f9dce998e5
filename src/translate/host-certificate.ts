// Which certificate a host shows, as ingress-nginx decides: the oldest Ingress with a `tls` section and a rule for
// the host. There, the entry that lists the host; else any whose certificate covers it; else the default one.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import { objectNameText } from '../options/grammar/object-name.ts';
import { type CertificateReading, readCertificate } from './certificates.ts';
import type { Source } from './reading.ts';
import { type Problem, referenceTo } from './report.ts';

export interface HostCertificate {
  /** Null: the default one. */
  readonly certificate: Certificate | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function hostCertificate(
  host: string,
  source: Source,
  secretOf: (key: string) => Secret | undefined,
): HostCertificate {
  const entries = source.ingress.tls;
  const listed = entries.findIndex((entry) => entry.hosts.some((name) => name.toLowerCase() === host));
  if (listed >= 0) {
    const name = entries[listed]?.secretName ?? '';
    // An entry without a Secret asks for the default certificate.
    if (name === '') return { certificate: null, diagnostics: [] };
    return fromSecret(host, name, listed, source, secretOf);
  }
  const tried: Diagnostic[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.secretName === undefined || entry.secretName === '') continue;
    const found = fromSecret(host, entry.secretName, index, source, secretOf);
    if (found.certificate !== null) return found;
    tried.push(...found.diagnostics.filter((diagnostic) => diagnostic.code !== 'certificate-host'));
  }
  if (host === '*') return { certificate: null, diagnostics: tried };
  const uncovered: Problem = {
    code: 'tls-host-uncovered',
    severity: 'warning',
    field: 'spec.tls',
    message: `no entry lists host ${host} and no certificate covers it; the default certificate is shown instead`,
    hint: 'List the host in spec.tls together with a Secret whose certificate covers it.',
  };
  return { certificate: null, diagnostics: [...tried, { ...uncovered, object: source.object }] };
}

function fromSecret(
  host: string,
  name: string,
  index: number,
  source: Source,
  secretOf: (key: string) => Secret | undefined,
): HostCertificate {
  const key = `${source.ingress.metadata.namespace}/${name}`;
  const about = (code: string, message: string, hint: string): HostCertificate => ({
    certificate: null,
    diagnostics: [
      {
        code,
        severity: 'error',
        object: source.object,
        field: `spec.tls[${index}].secretName`,
        message: `${message}; host ${host} shows the default certificate instead`,
        hint,
      },
    ],
  });
  const secret = objectNameText(name).ok ? secretOf(key) : undefined;
  if (secret === undefined)
    return about(
      'secret-missing',
      `there is no Secret ${quoteText(key)}`,
      'Create the Secret in the namespace of the Ingress, or correct its name.',
    );
  const reading: CertificateReading = readCertificate(secret);
  if (!reading.ok)
    return { certificate: null, diagnostics: [{ ...reading.problem, object: referenceTo(secret) }] };
  if (!reading.covers(host))
    return about(
      'certificate-host',
      `the certificate of Secret ${key} (data['tls.crt']) is not for ${host}`,
      'Use a certificate that names the host.',
    );
  return { certificate: reading.certificate, diagnostics: [] };
}
