// Reasons in words: what changed in which document, so that an operator can read in one line why something was
// sent. Never a value that a user keeps secret: of certificates only that they changed.

import {
  type BackendBody,
  type CanaryBody,
  type CertificateBody,
  type Document,
  type DocumentKey,
  documentKey,
  type HostBody,
  type RouteBody,
} from '../model/document.ts';
import type { RouteId } from '../model/model.ts';
import type { DocumentChange } from '../model/plan.ts';
import { canonicalJson } from '../render/canonical-json.ts';
import { routeIdOf } from '../render/route-key.ts';

const MAX_SENTENCES = 20;

/** One sentence for each document, at most twenty and how many more there are. */
export function changeReasons(
  applied: ReadonlyMap<DocumentKey, Document>,
  change: DocumentChange,
  isWanted: (route: RouteId) => boolean,
): readonly string[] {
  const total = change.put.length + change.remove.length;
  const shown: string[] = [];
  for (const document of change.put.slice(0, MAX_SENTENCES)) {
    shown.push(`${nameOf(document)}: ${difference(applied.get(documentKey(document)), document)}`);
  }
  const removed = change.remove.slice(0, MAX_SENTENCES - shown.length);
  for (const key of removed) {
    const document = applied.get(key);
    const name = document === undefined ? key : nameOf(document);
    // A route that is cut anew has another key, and what leaves then is not the route.
    const stays = document?.kind === 'route' && isWanted(routeIdOf(document.id));
    shown.push(`${name}: ${stays ? 'its former form is no longer in use' : 'removed'}`);
  }
  return total > shown.length ? [...shown, `and ${total - shown.length} more`] : shown;
}

export function bounded(sentences: readonly string[]): readonly string[] {
  if (sentences.length <= MAX_SENTENCES) return sentences;
  return [...sentences.slice(0, MAX_SENTENCES), `and ${sentences.length - MAX_SENTENCES} more`];
}

function nameOf({ kind, id }: Document): string {
  return kind === 'settings' ? kind : `${kind} ${kind === 'route' ? routeIdOf(id) : id}`;
}

function difference(before: Document | undefined, after: Document): string {
  if (before === undefined) return 'added';
  if (after.kind === 'backend')
    return backendDifference(before.body as BackendBody, after.body as BackendBody);
  if (after.kind === 'route') return routeDifference(before.body as RouteBody, after.body as RouteBody);
  if (after.kind === 'host') return hostDifference(before.body as HostBody, after.body as HostBody);
  if (after.kind === 'certificate')
    return certificateDifference(before.body as CertificateBody, after.body as CertificateBody);
  return 'changed';
}

function certificateDifference(before: CertificateBody, after: CertificateBody): string {
  const same = before.chain === after.chain && before.key === after.key;
  return same && canonicalJson(before.ocsp ?? null) !== canonicalJson(after.ocsp ?? null)
    ? `OCSP response ${before.ocsp === undefined ? 'added' : after.ocsp === undefined ? 'removed' : 'renewed'}`
    : 'changed';
}

function backendDifference(before: BackendBody, after: BackendBody): string {
  if (before.algorithm !== after.algorithm) return `algorithm ${before.algorithm} → ${after.algorithm}`;
  const [from, to] = [before.endpoints.length, after.endpoints.length];
  if (from !== to) return `endpoints ${from} → ${to}`;
  const places = (body: BackendBody): string =>
    body.endpoints.map(({ address, port }) => `${address} ${port}`).join();
  if (places(before) !== places(after)) return `endpoints changed (${to})`;
  const [fewer, more] = [drainingOf(before), drainingOf(after)];
  if (fewer !== more) return `draining ${fewer} → ${more}`;
  const fields = changedFields(before, after).filter((field) => field !== 'endpoints');
  return fields.length > 0 ? `${fields.join(', ')} changed` : 'weights changed';
}

function drainingOf({ endpoints }: BackendBody): number {
  return endpoints.filter(({ draining }) => draining).length;
}

function routeDifference(before: RouteBody, after: RouteBody): string {
  if (before.backend !== after.backend) return `backend ${before.backend} → ${after.backend}`;
  const [from, to] = [before.canaries ?? [], after.canaries ?? []];
  if (canonicalJson(from) !== canonicalJson(to)) return canaryDifference(from, to);
  if (before.sslRedirect !== after.sslRedirect)
    return `redirect to https ${after.sslRedirect ? 'on' : 'off'}`;
  if (before.denied !== after.denied) return after.denied === undefined ? 'no longer denied' : 'denied';
  const fields = changedFields(before, after).filter((field) => field !== 'stale');
  if (fields.length > 0) return `${fields.join(', ')} changed`;
  return after.stale
    ? 'matched by the router until the files of its host follow'
    : 'the files of its host are live';
}

function canaryDifference(before: readonly CanaryBody[], after: readonly CanaryBody[]): string {
  const [from, to] = [before[0], after[0]];
  if (before.length !== after.length) return `canaries ${before.length} → ${after.length}`;
  if (from === undefined || to === undefined || before.length > 1 || from.weight === to.weight)
    return 'canary changed';
  return `canary weight ${from.weight} → ${to.weight}`;
}

function hostDifference(before: HostBody, after: HostBody): string {
  if (before.certificate !== after.certificate) {
    return `certificate ${before.certificate ?? 'none'} → ${after.certificate ?? 'none'}`;
  }
  const [from, to] = [before, after].map(({ otherCertificates }) => otherCertificates?.join(', ') ?? 'none');
  if (from !== to) return `further certificates ${from} → ${to}`;
  return 'routes changed';
}

function changedFields(before: object, after: object): string[] {
  const [from, to] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const names = new Set([...from.keys(), ...to.keys()]);
  const same = (name: string): boolean =>
    canonicalJson(from.get(name) ?? null) === canonicalJson(to.get(name) ?? null);
  return [...names].filter((name) => !same(name)).sort();
}
