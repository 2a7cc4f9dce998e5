// Which certificates a host shows. The first as ingress-nginx decides: the oldest Ingress with a `tls` section and a
// rule for the host; there, the entry that lists the host, else any whose certificate covers it, else the default one.
//
// Beside it stand certificates of other key types, which ingress-nginx does not know: those of further entries that
// list the host, in that Ingress or in younger ones of its namespace. So RSA and ECDSA are two Secrets in two entries,
// and each client gets what it can use. No other namespace can add to what a host shows.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import { objectName, type Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import type { KeptCertificate } from '../model/snapshot.ts';
import { objectNameText } from '../options/grammar/object-name.ts';
import { readCertificate } from './certificates.ts';
import type { Source } from './reading.ts';
import { type Problem, referenceTo } from './report.ts';

export interface HostCertificates {
  /** Null: the default one. */
  readonly certificate: Certificate | null;
  /** Of other key types, one of each. Empty when there is no first. */
  readonly others: readonly Certificate[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface LookAtSecrets {
  readonly secret: (key: string) => Secret | undefined;
  readonly kept: (key: string) => KeptCertificate | undefined;
}

/** @param sources those with a `tls` section and a rule for the host, oldest first; at least one. */
export function hostCertificates(
  host: string,
  sources: readonly [Source, ...Source[]],
  look: LookAtSecrets,
): HostCertificates {
  const [deciding, ...younger] = sources;
  const listing = entriesThatList(host, deciding);
  const [first] = listing;
  if (first === undefined) return covering(host, deciding, look);
  // An entry without a Secret asks for the default certificate.
  if (first.secretName === '') return { certificate: null, others: [], diagnostics: [] };
  const { namespace } = deciding.ingress.metadata;
  const more = younger
    .filter(({ ingress }) => ingress.metadata.namespace === namespace)
    .flatMap((source) => entriesThatList(host, source));
  const named = new Map<string, TlsEntry>();
  for (const entry of [...listing, ...more]) {
    if (entry.secretName !== '' && !named.has(entry.secretName)) named.set(entry.secretName, entry);
  }
  return choose(
    host,
    [...named.values()].map((entry) => fromSecret(host, entry, look)),
  );
}

/** The first of each key type; what is wrong with the rest. */
function choose(host: string, candidates: readonly Candidate[]): HostCertificates {
  const chosen = new Map<string, Certificate>();
  const shadowed: Diagnostic[] = [];
  for (const { certificate, entry } of candidates) {
    if (certificate === null) continue;
    const before = chosen.get(certificate.keyType);
    if (before === undefined) chosen.set(certificate.keyType, certificate);
    else shadowed.push(shadowedBy(before, certificate, host, entry));
  }
  const [certificate = null, ...others] = chosen.values();
  const instead =
    certificate === null
      ? `host ${host} shows the default certificate instead`
      : `host ${host} shows the certificate of Secret ${certificate.id}`;
  const faults = candidates.flatMap(({ faults: found }) => found(instead));
  return { certificate, others, diagnostics: [...faults, ...shadowed] };
}

function covering(host: string, source: Source, look: LookAtSecrets): HostCertificates {
  const tried: Diagnostic[] = [];
  for (const entry of entriesOf(source)) {
    if (entry.secretName === '') continue;
    const { certificate, faults } = fromSecret(host, entry, look);
    const diagnostics = faults(`host ${host} shows the default certificate instead`);
    if (certificate !== null) return { certificate, others: [], diagnostics };
    tried.push(...diagnostics.filter((diagnostic) => diagnostic.code !== 'certificate-host'));
  }
  if (host === '*') return { certificate: null, others: [], diagnostics: tried };
  const uncovered: Problem = {
    code: 'tls-host-uncovered',
    severity: 'warning',
    field: 'spec.tls',
    message: `no entry lists host ${host} and no certificate covers it; the default certificate is shown instead`,
    hint: 'List the host in spec.tls together with a Secret whose certificate covers it.',
  };
  const diagnostics = [...tried, { ...uncovered, object: source.object }];
  return { certificate: null, others: [], diagnostics };
}

interface TlsEntry {
  readonly source: Source;
  readonly index: number;
  readonly hosts: readonly string[];
  readonly secretName: string;
}

function entriesOf(source: Source): readonly TlsEntry[] {
  return source.ingress.tls.map(({ hosts, secretName = '' }, index) => ({
    source,
    index,
    hosts,
    secretName,
  }));
}

function entriesThatList(host: string, source: Source): readonly TlsEntry[] {
  return entriesOf(source).filter(({ hosts }) => hosts.some((name) => name.toLowerCase() === host));
}

interface Candidate {
  readonly entry: TlsEntry;
  readonly certificate: Certificate | null;
  /** @param instead what the host shows when this one cannot be shown. */
  readonly faults: (instead: string) => readonly Diagnostic[];
}

function fromSecret(host: string, entry: TlsEntry, look: LookAtSecrets): Candidate {
  const { source, secretName } = entry;
  const key = `${source.ingress.metadata.namespace}/${secretName}`;
  const about = (code: string, message: string, hint: string): Candidate => ({
    entry,
    certificate: null,
    faults: (instead) => [
      {
        code,
        severity: 'error',
        object: source.object,
        field: fieldOf(entry),
        message: `${message}; ${instead}`,
        hint,
      },
    ],
  });
  const secret = objectNameText(secretName).ok ? look.secret(key) : undefined;
  if (secret === undefined)
    return about(
      'secret-missing',
      `there is no Secret ${quoteText(key)}`,
      'Create the Secret in the namespace of the Ingress, or correct its name.',
    );
  const reading = readCertificate(secret, look.kept(objectName(secret.metadata)));
  const object = referenceTo(secret);
  if (!reading.ok) {
    const { problem } = reading;
    return {
      entry,
      certificate: null,
      faults: (instead) => [{ ...problem, message: `${problem.message}; ${instead}`, object }],
    };
  }
  if (!reading.covers(host))
    return about(
      'certificate-host',
      `the certificate of Secret ${key} (data['tls.crt']) is not for ${host}`,
      'Use a certificate that names the host.',
    );
  const { certificate, problem } = reading;
  return { entry, certificate, faults: () => (problem === null ? [] : [{ ...problem, object }]) };
}

function shadowedBy(before: Certificate, after: Certificate, host: string, entry: TlsEntry): Diagnostic {
  return {
    code: 'certificate-shadowed',
    severity: 'info',
    object: entry.source.object,
    field: fieldOf(entry),
    message: `host ${host} shows the certificate of Secret ${before.id}, which is of the same key type; that of ${after.id} is not used for it`,
    hint: 'Name one Secret for the host, or two whose certificates are of different key types (RSA and ECDSA).',
  };
}

function fieldOf({ index }: TlsEntry): string {
  return `spec.tls[${index}].secretName`;
}
