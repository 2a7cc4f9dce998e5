// What is declared once about an annotation. The name is without the prefix, which a flag may change.

import type { Parse } from '../grammar/parsed.ts';

/** What the value governs: everything of its Ingress, the rules' locations, or the canary that the Ingress is. */
export type Scope = 'ingress' | 'location' | 'canary';

export interface SupportedAnnotation<T> {
  readonly support: 'full';
  readonly name: string;
  /** Other names of the same annotation; they count when `name` itself is absent. */
  readonly aliases: readonly string[];
  readonly scope: Scope;
  readonly parse: Parse<T>;
  /** A value that cannot be read may have been meant to restrict something: nothing is served meanwhile. */
  readonly gate?: true;
  /** One sentence for the reference table, with the default. */
  readonly doc: string;
}

/** Known from ingress-nginx, without effect here. */
export interface UnsupportedAnnotation {
  readonly support: 'none';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly scope: Scope;
  /**
   * What to do with the Ingress meanwhile. `serve`: as if it were absent. `gate`: it restricts who or what gets
   * through, so nothing may be served without it, whatever the value. `snippet`: raw configuration, never applied,
   * that may hold a gate; an empty value says that none is meant.
   */
  readonly kind: 'serve' | 'gate' | 'snippet';
  /** Values that ask for nothing: what would be the case without the annotation too. */
  readonly inert: (value: string) => boolean;
  readonly doc: string;
}

export type AnnotationDeclaration = SupportedAnnotation<unknown> | UnsupportedAnnotation;

export function supported<T>(
  declaration: Pick<SupportedAnnotation<T>, 'name' | 'scope' | 'parse' | 'doc'>,
): SupportedAnnotation<T> {
  return { support: 'full', aliases: [], ...declaration };
}

export function gate<T>(
  declaration: Pick<SupportedAnnotation<T>, 'name' | 'scope' | 'parse' | 'doc'>,
): SupportedAnnotation<T> {
  return { ...supported(declaration), gate: true };
}
