// A Secret that turns bad goes on with the certificate that was served from it. Translation is pure and knows no
// yesterday, so the loop adds it to each Snapshot: what the last Model served, and at the start what the documents in
// force hold. A Secret that is gone keeps nothing: its hosts show the default certificate, as ingress-nginx does.

import type { CertificateBody, Document, DocumentKey } from '../model/document.ts';
import type { Secret } from '../model/kubernetes.ts';
import type { Certificate, CertificateId, Model } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import type { KeptCertificate, Snapshot } from '../model/snapshot.ts';
import { readPair, readSecretPair } from '../translate/certificates.ts';

export interface KeepParts {
  /** What was in force when the controller started. */
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type Translate = (snapshot: Snapshot) => Model;

export function keepCertificates(translate: Translate, { documents, now }: KeepParts): Translate {
  let former = fromDocuments(documents);
  let kept: Snapshot['kept'] = new Map();
  let secrets: Snapshot['secrets'] | null = null;
  let last: { readonly from: Snapshot; readonly kept: Snapshot['kept']; readonly snapshot: Snapshot } | null =
    null;

  return (snapshot) => {
    if (snapshot.secrets !== secrets) judge(snapshot.secrets);
    const model = translate(withKept(snapshot));
    former = { ids: () => model.certificates.keys(), get: (id) => model.certificates.get(id) ?? null };
    return model;
  };

  function withKept(from: Snapshot): Snapshot {
    if (kept.size === 0 && from.kept.size === 0) return from;
    if (last?.from !== from || last.kept !== kept) last = { from, kept, snapshot: { ...from, kept } };
    return last.snapshot;
  }

  /** Asks again only of Secrets that are other objects than before. */
  function judge(present: Snapshot['secrets']): void {
    const ids = secrets === null ? former.ids() : mapChanges(secrets, present).map(({ key }) => key);
    const changes = [...ids].map((id) => {
      const secret = present.get(id);
      return [id, secret === undefined ? undefined : keptInsteadOf(secret, id)] as const;
    });
    kept = patchMap(kept, changes);
    secrets = present;
  }

  function keptInsteadOf(secret: Secret, id: CertificateId): KeptCertificate | undefined {
    const reading = readSecretPair(secret);
    if (reading.ok && !hasRunOut(reading.certificate)) return undefined;
    // Responses are added anew by who knows them.
    const certificate = withoutStaple(former.get(id));
    if (certificate === null) return undefined;
    if (reading.ok && (certificate.leaf === reading.certificate.leaf || hasRunOut(certificate)))
      return undefined;
    const before = kept.get(id);
    const again = before?.certificate.leaf === certificate.leaf;
    if (again && before.ranOut === reading.ok) return before;
    const since = again ? before.since : secrets === null ? null : new Date(now()).toISOString();
    return { certificate, since, ranOut: reading.ok };
  }

  function hasRunOut(certificate: Certificate): boolean {
    return Date.parse(certificate.notAfter) < now();
  }
}

/** Certificates that were served, by id. */
interface Former {
  readonly ids: () => Iterable<CertificateId>;
  readonly get: (id: CertificateId) => Certificate | null;
}

function withoutStaple(certificate: Certificate | null): Certificate | null {
  return certificate?.staple == null ? certificate : { ...certificate, staple: null };
}

/** Read only when one is needed: there may be thousands. */
function fromDocuments(documents: ReadonlyMap<DocumentKey, Document>): Former {
  const bodies = new Map<CertificateId, CertificateBody>();
  for (const { kind, id, body } of documents.values()) {
    if (kind === 'certificate') bodies.set(id, body as CertificateBody);
  }
  return {
    ids: () => bodies.keys(),
    get(id) {
      const body = bodies.get(id);
      const reading = body === undefined ? null : readPair(id, body.chain, body.key);
      return reading?.ok ? reading.certificate : null;
    },
  };
}
