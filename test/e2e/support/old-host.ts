// What new hosts come beside: one that is there from the start, with the workload that all of them are of.
import type { Backend } from '../../support/backend.ts';
import { ingress, workload } from './objects.ts';

/** Of old.example and its Service `shop`, as manifests by file. */
export function oldHost(backend: Backend | undefined) {
  return {
    'old.yaml': [
      ...workload('shop', [backend?.endpoint ?? '']),
      ingress('old', { host: 'old.example', service: 'shop' }),
    ],
  };
}
