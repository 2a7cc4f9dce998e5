// What the annotations of an Ingress ask of its endpoints beside plain HTTP. Depends on no other object.

import type { Protocol, TlsProtocol } from '../model/upstream.ts';
import type { AnnotationValues } from '../options/registry.ts';

export interface UpstreamWish {
  readonly protocol: Protocol;
  /** `namespace/name`, or null. */
  readonly secret: string | null;
  readonly verify: boolean;
  readonly verifyDepth: number;
  readonly serverName: boolean;
  readonly name: string | null;
  readonly protocols: readonly TlsProtocol[];
  readonly ciphers: string;
  readonly index: string | null;
  /** `name` or `namespace/name`, or null. */
  readonly params: string | null;
}

/** null: plain HTTP and no Secret. Unlike in ingress-nginx, names count without a Secret too. */
export function upstreamWish(values: AnnotationValues): UpstreamWish | null {
  const { backendProtocol = 'HTTP', upstreamSecret = null } = values;
  if (backendProtocol === 'HTTP' && upstreamSecret === null) return null;
  return {
    protocol: backendProtocol,
    secret: upstreamSecret,
    verify: values.upstreamVerify ?? false,
    verifyDepth: values.upstreamVerifyDepth || 1,
    serverName: values.upstreamServerName ?? false,
    name: values.upstreamName ?? null,
    protocols: values.upstreamProtocols ?? USUAL_PROTOCOLS,
    ciphers: values.upstreamCiphers ?? USUAL_CIPHERS,
    index: values.fastCgiIndex ?? null,
    params: values.fastCgiParams ?? null,
  };
}

/** As the http block says. */
export const USUAL_PROTOCOLS: readonly TlsProtocol[] = ['TLSv1.2', 'TLSv1.3'];
export const USUAL_CIPHERS = 'DEFAULT';
