// Where requests for `/` of a host are redirected to. One host has one: that of the oldest Ingress which names any
// (ingress-nginx takes the one with the longest path, which nobody can foresee).

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { Claim } from './reading.ts';

export interface AppRoot {
  readonly path: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** @param primaries claims on the host, oldest first, without canaries. */
export function readAppRoot(host: string, primaries: readonly Claim[]): AppRoot {
  const naming = primaries.filter(({ source }) => source.policy.appRoot !== null);
  const winner = naming[0]?.source;
  const path = winner?.policy.appRoot ?? null;
  const diagnostics = naming
    .filter(({ source }) => source.policy.appRoot !== path)
    .map(
      ({ source }): Diagnostic => ({
        code: 'app-root-taken',
        severity: 'warning',
        object: source.object,
        field: 'metadata.annotations',
        message: `requests for / of host ${host} are redirected to ${quoteText(path ?? '')}, as ${winner?.object ?? ''} says; the app-root of this Ingress has no effect there`,
        hint: 'Give one Ingress of a host the app-root.',
      }),
    );
  return { path, diagnostics };
}
