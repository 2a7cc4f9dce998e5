// Foreign JSON to be spoilt, and what is said about it.

import type { Diagnostic } from '../../../../src/model/diagnostic.ts';
import type { projectObject } from '../../../../src/sources/project/project-object.ts';

export const INGRESS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'shop', annotations: { a: 'b' } },
  spec: {
    rules: [
      {
        host: 'shop.example',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
};

export type Foreign = ReturnType<typeof JSON.parse>;

export function change(raw: unknown, spoil: (object: Foreign) => void): unknown {
  const copy: Foreign = structuredClone(raw);
  spoil(copy);
  return copy;
}

export function secret(fields: object): unknown {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...fields };
}

export function diagnosticsOf(projected: ReturnType<typeof projectObject>): readonly Diagnostic[] {
  if (!('diagnostics' in projected)) throw new Error(`was taken: ${JSON.stringify(projected)}`);
  return projected.diagnostics;
}
