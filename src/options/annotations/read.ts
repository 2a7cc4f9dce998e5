// The annotations of one Ingress, read: typed values, and findings about all that could not be used. What a finding
// does to traffic is decided in `translate`.

import { type AnnotationField, type AnnotationValues, KNOWN_ANNOTATIONS } from '../registry.ts';
import { nearestNames } from './nearest.ts';

export type Finding = { readonly key: string; readonly name: string } & (
  | BadValue
  | { readonly kind: 'unsupported' | 'gate' | 'snippet' }
  /** `gate`: whoever wrote it may have meant one that restricts access. */
  | { readonly kind: 'unknown'; readonly nearest: string | null; readonly gate: boolean }
);

interface BadValue {
  readonly kind: 'bad-value';
  readonly value: string;
  readonly error: string;
  /** Nothing may be served with the default instead. */
  readonly gate: boolean;
}

export interface AnnotationReading {
  readonly values: AnnotationValues;
  readonly findings: readonly Finding[];
}

const NOTHING: AnnotationReading = { values: {}, findings: [] };

/** @param prefix without the slash, `nginx.ingress.kubernetes.io`. */
export function readAnnotations(
  annotations: Readonly<Record<string, string>>,
  prefix: string,
): AnnotationReading {
  const start = `${prefix}/`;
  const keys = Object.keys(annotations).filter((key) => key.startsWith(start));
  if (keys.length === 0) return NOTHING;
  const values: { [K in AnnotationField]?: unknown } = {};
  const findings: Finding[] = [];
  for (const key of keys.toSorted()) {
    const name = key.slice(start.length);
    const value = annotations[key] ?? '';
    const known = KNOWN_ANNOTATIONS.get(name);
    if (known === undefined) findings.push({ key, name, kind: 'unknown', ...guess(name) });
    else if (known.declaration.support === 'none') {
      const { kind, inert } = known.declaration;
      if (!inert(value)) findings.push({ key, name, kind: kind === 'serve' ? 'unsupported' : kind });
    } else if (known.field !== null && value !== '') {
      // An empty value counts as absent, as in ingress-nginx.
      const parsed = known.declaration.parse(value);
      if (parsed.ok) values[known.field] = parsed.value;
      else {
        const gate = known.declaration.gate === true;
        findings.push({ key, name, kind: 'bad-value', value, error: parsed.error, gate });
      }
    }
  }
  // Each parser was declared together with the field that its value went to.
  return { values: values as AnnotationValues, findings };
}

function guess(name: string): { readonly nearest: string | null; readonly gate: boolean } {
  const candidates = nearestNames(name, KNOWN_ANNOTATIONS.keys());
  const gate = candidates.find(isGate) ?? null;
  const family = /^(auth|limit|whitelist|allowlist|denylist)-|-source-range$/i.test(name);
  return { nearest: gate ?? candidates[0] ?? null, gate: gate !== null || family };
}

function isGate(name: string): boolean {
  const declaration = KNOWN_ANNOTATIONS.get(name)?.declaration;
  if (declaration?.support === 'full') return declaration.gate === true;
  return declaration?.support === 'none' && declaration.kind !== 'serve';
}
