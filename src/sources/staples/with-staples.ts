// Snapshots in, Snapshots with OCSP responses out. Which certificates are in service is known only behind translation,
// so what became of each Snapshot is told back, and a response that comes later makes a new Snapshot:
//
//   const stapled = withStaples({ …, onSnapshot: loop.offer });   source → stapled.take → loop → stapled.passed
//
// Nothing waits for a response: a certificate is served without until there is one.

import { isDeepStrictEqual } from 'node:util';
import { compareDiagnostics, type Diagnostic } from '../../model/diagnostic.ts';
import type { CertificateBody, Document, DocumentKey } from '../../model/document.ts';
import type { Certificate, Model, Staple } from '../../model/model.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { leafDigest } from './leaf-digest.ts';
import { type StapleState, type WatchStaplesOptions, watchStaples } from './watch-staples.ts';

export interface WithStaplesOptions extends Omit<WatchStaplesOptions, 'onChange' | 'former'> {
  /** @param at when what is new was noticed, as `performance.now()` tells it. */
  readonly onSnapshot: (snapshot: Snapshot, at: number) => void;
  /** What was in force at the start: responses are kept there over restarts. */
  readonly documents: ReadonlyMap<DocumentKey, Document>;
  /** Milliseconds in which responses gather before they make a Snapshot. */
  readonly gather?: number;
}

export interface StapledSource {
  take(snapshot: Snapshot, at: number): void;
  passed(model: Model): void;
}

export function withStaples(options: WithStaplesOptions): StapledSource {
  const { signal, onSnapshot, documents, gather = 200 } = options;
  const former = formerStaples(documents);
  const watcher = watchStaples({ ...options, former, onChange: deliverSoon });
  let newest: Snapshot | null = null;
  /** Before the first Model nobody knows what is in service: what was in force stays. */
  let known: Known = { staples: former, remarks: [] };
  let delivered: { readonly from: Snapshot; readonly known: Known } | null = null;
  let certificates: Model['certificates'] | null = null;
  let soon: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(soon), { once: true });

  return {
    take(snapshot, at) {
      newest = snapshot;
      deliver(at);
    },
    passed(model) {
      const wanted = model.settings.ocspStapling ? model.certificates : NONE;
      if (wanted === certificates) return;
      certificates = wanted;
      watcher.update(wanted.values());
      deliverSoon();
    },
  };

  function deliverSoon(): void {
    if (signal.aborted) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      known = knownNow(known, certificates ?? NONE, watcher.states());
      deliver(performance.now());
    }, gather);
  }

  function deliver(at: number): void {
    if (newest === null || signal.aborted) return;
    if (delivered?.from === newest && delivered.known === known) return;
    delivered = { from: newest, known };
    onSnapshot(compose(newest, known), at);
  }
}

/** What there is to add to Snapshots; the same object as long as it is the same. */
interface Known {
  readonly staples: Snapshot['staples'];
  readonly remarks: readonly Diagnostic[];
}

function knownNow(
  before: Known,
  certificates: Model['certificates'],
  states: ReadonlyMap<string, StapleState>,
): Known {
  const staples = sameOr(before.staples, staplesOf(states));
  const remarks = remarksOn(certificates, states);
  if (isDeepStrictEqual(remarks, before.remarks)) {
    return staples === before.staples ? before : { staples, remarks: before.remarks };
  }
  return { staples, remarks };
}

function compose(from: Snapshot, { staples, remarks }: Known): Snapshot {
  if (remarks.length === 0) return staples.size === 0 ? from : { ...from, staples };
  return { ...from, staples, diagnostics: [...from.diagnostics, ...remarks].sort(compareDiagnostics) };
}

const NONE: Model['certificates'] = new Map();

function formerStaples(documents: ReadonlyMap<DocumentKey, Document>): ReadonlyMap<string, Staple> {
  const found = new Map<string, Staple>();
  for (const { kind, body } of documents.values()) {
    if (kind !== 'certificate') continue;
    const { chain, ocsp } = body as CertificateBody;
    const leaf = ocsp === undefined ? null : leafDigest(chain);
    if (ocsp !== undefined && leaf !== null) found.set(leaf, ocsp);
  }
  return found;
}

function staplesOf(states: ReadonlyMap<string, StapleState>): Snapshot['staples'] {
  const shown = new Map<string, Staple>();
  for (const [leaf, { staple }] of states) if (staple !== null) shown.set(leaf, staple);
  return shown;
}

function sameOr(before: Snapshot['staples'], after: Snapshot['staples']): Snapshot['staples'] {
  const same =
    before.size === after.size && [...after].every(([leaf, staple]) => before.get(leaf) === staple);
  return same ? before : after;
}

function remarksOn(
  certificates: Model['certificates'],
  states: ReadonlyMap<string, StapleState>,
): readonly Diagnostic[] {
  return [...certificates.values()].flatMap((certificate) => {
    const state = states.get(certificate.leaf);
    return state === undefined || state.problem === null ? [] : [remarkOn(certificate, state)];
  });
}

function remarkOn({ id }: Certificate, { staple, problem }: StapleState): Diagnostic {
  const about = { object: `Secret/${id}`, field: "data['tls.crt']" };
  if (problem?.kind === 'revoked')
    return {
      ...about,
      code: 'certificate-revoked',
      severity: 'error',
      message: 'its issuer says that the certificate is revoked; it is served, but clients may refuse it',
      hint: 'Put a new certificate into the Secret.',
    };
  if (problem?.kind !== 'failed')
    return {
      ...about,
      code: 'ocsp-issuer-missing',
      severity: 'info',
      message: "the certificate is not followed by its issuer's, so no OCSP response is asked for",
      hint: 'Put the chain into tls.crt, behind the certificate.',
    };
  const meanwhile =
    staple === null
      ? 'none is shown'
      : `that of before is shown until ${new Date(staple.ends * 1000).toISOString()}`;
  return {
    ...about,
    code: 'ocsp-failed',
    severity: 'warning',
    message: `there is no new OCSP response: the responder ${problem.message}; ${meanwhile}`,
    hint: 'See that the responder named in the certificate can be reached; it is asked again by itself.',
  };
}
