// Kind, namespace and name of a foreign object: what all else about it hangs on. Both names become parts of ids, so
// they must be of Kubernetes' own grammar (RFC 1123), and an object that cannot be named is refused at once.

import type { ObjectKind } from '../../model/kubernetes.ts';

export type Identity =
  | { readonly reference: string }
  | { readonly field: string; readonly message: string; readonly hint: string };

export function readIdentity(kind: ObjectKind, raw: Readonly<Record<string, unknown>>): Identity {
  const metadata = raw.metadata;
  if (!isMapping(metadata)) {
    return {
      field: 'metadata',
      message: 'is missing or not a mapping',
      hint: 'Give the object metadata.name.',
    };
  }
  const name = metadata.name;
  if (typeof name !== 'string' || name.length > 253 || !SUBDOMAIN.test(name)) {
    return {
      field: 'metadata.name',
      message: problem(name),
      hint: 'Use at most 253 lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit.',
    };
  }
  if (kind === 'IngressClass') return { reference: `${kind}/${name}` };
  const namespace = metadata.namespace ?? 'default';
  if (typeof namespace !== 'string' || namespace.length > 63 || !LABEL.test(namespace)) {
    return {
      field: 'metadata.namespace',
      message: problem(namespace),
      hint: 'Use at most 63 lower-case letters, digits and "-", beginning and ending with a letter or digit.',
    };
  }
  return { reference: `${kind}/${namespace}/${name}` };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

function problem(value: unknown): string {
  if (value === undefined || value === null) return 'is missing';
  return typeof value === 'string' ? 'is not a valid Kubernetes name' : 'must be text; put it in quotes';
}
