// Every annotation, collected: what the reader looks names up in, and what reference tables are made from.

import { BALANCING_ANNOTATIONS } from './annotations/balancing.ts';
import { CANARY_ANNOTATIONS } from './annotations/canary.ts';
import type { AnnotationDeclaration, SupportedAnnotation } from './annotations/declaration.ts';
import { FASTCGI_ANNOTATIONS } from './annotations/fastcgi.ts';
import { HEALTH_CHECK_ANNOTATIONS } from './annotations/health-checks.ts';
import { PASSIVE_CHECK_ANNOTATIONS } from './annotations/passive-checks.ts';
import { PROXY_ANNOTATIONS } from './annotations/proxy.ts';
import { REDIRECT_ANNOTATIONS } from './annotations/redirect.ts';
import { RETRY_ANNOTATIONS } from './annotations/retries.ts';
import { REWRITE_ANNOTATIONS } from './annotations/rewrite.ts';
import { SESSION_ANNOTATIONS } from './annotations/sessions.ts';
import { UNSUPPORTED_ANNOTATIONS } from './annotations/unsupported.ts';
import { UPSTREAM_ANNOTATIONS } from './annotations/upstream.ts';
import { UPSTREAM_TLS_ANNOTATIONS } from './annotations/upstream-tls.ts';

export const SUPPORTED_ANNOTATIONS = {
  ...REDIRECT_ANNOTATIONS,
  ...REWRITE_ANNOTATIONS,
  ...PROXY_ANNOTATIONS,
  ...RETRY_ANNOTATIONS,
  ...UPSTREAM_ANNOTATIONS,
  ...BALANCING_ANNOTATIONS,
  ...SESSION_ANNOTATIONS,
  ...PASSIVE_CHECK_ANNOTATIONS,
  ...HEALTH_CHECK_ANNOTATIONS,
  ...UPSTREAM_TLS_ANNOTATIONS,
  ...FASTCGI_ANNOTATIONS,
  ...CANARY_ANNOTATIONS,
};

type SupportedFields = typeof SUPPORTED_ANNOTATIONS;

/** What the annotations of one Ingress say; absent: nothing, or nothing that can be used. */
export type AnnotationValues = {
  readonly [K in keyof SupportedFields]?: SupportedFields[K] extends SupportedAnnotation<infer T> ? T : never;
};

export type AnnotationField = keyof SupportedFields;

export interface KnownAnnotation {
  readonly declaration: AnnotationDeclaration;
  /** Where its value goes; null for what is not supported. */
  readonly field: AnnotationField | null;
}

/** By name and by alias, without the prefix. */
export const KNOWN_ANNOTATIONS: ReadonlyMap<string, KnownAnnotation> = collect();

function collect(): ReadonlyMap<string, KnownAnnotation> {
  const known = new Map<string, KnownAnnotation>();
  for (const [field, declaration] of Object.entries(SUPPORTED_ANNOTATIONS))
    add(known, { declaration, field: field as AnnotationField });
  for (const declaration of UNSUPPORTED_ANNOTATIONS) add(known, { declaration, field: null });
  return known;
}

function add(known: Map<string, KnownAnnotation>, entry: KnownAnnotation): void {
  for (const name of [entry.declaration.name, ...entry.declaration.aliases]) {
    if (known.has(name)) throw new Error(`annotation ${name} is declared twice`);
    known.set(name, entry);
  }
}
