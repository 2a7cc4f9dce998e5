// A fault that denies a route, found in what an annotation names.

import type { Source } from './reading.ts';
import { annotationField, type Problem } from './report.ts';

export interface Denial extends Problem {
  /** Reaches documents and answers: no user text. */
  readonly reason: string;
  /** Where the fault is, if not in the Ingress. */
  readonly object?: string;
}

/** Field of an annotation as it is written, whatever the prefix. */
export function fieldOf(source: Source, name: string): string {
  const keys = Object.keys(source.ingress.metadata.annotations);
  return annotationField(keys.find((key) => key.endsWith(`/${name}`)) ?? name);
}
