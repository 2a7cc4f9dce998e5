// How diagnostics name objects and fields when the names themselves are hostile: one line, cut to size.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import { type Metadata, objectReference } from '../model/kubernetes.ts';

/** Everything of a diagnostic but the object it is about. */
export type Problem = Omit<Diagnostic, 'object'>;

/** `Ingress/default/shop`; a name that no API server would accept is quoted. */
export function referenceTo(object: { readonly kind: string; readonly metadata: Metadata }): string {
  const reference = objectReference(object);
  return /^[A-Za-z]+\/[A-Za-z0-9._/:-]{1,320}$/.test(reference)
    ? reference
    : `${object.kind}/${quoteText(reference.slice(object.kind.length + 1))}`;
}

export function annotationField(key: string): string {
  return `metadata.annotations[${/^[A-Za-z0-9._/-]{1,320}$/.test(key) ? `'${key}'` : quoteText(key)}]`;
}
