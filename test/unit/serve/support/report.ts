// A state as it might be, to be changed by each test.
import type { StateReport } from '../../../../src/serve/state.ts';

export const REPORT: StateReport = {
  settled: true,
  settledOnce: true,
  epoch: 3,
  generation: 12,
  workers: [
    { pid: 4711, generation: 12 },
    { pid: 4712, generation: 12 },
  ],
  lastPlan: { kind: 'push', reasons: ['backend default/shop/80 changed'], at: '2026-11-22T10:00:00.000Z' },
  reloads: 3,
  pushes: 214,
  diagnostics: [
    {
      code: 'host-invalid',
      severity: 'error',
      object: 'Ingress/default/shop',
      field: 'spec.rules[0].host',
      message: 'm',
      hint: 'h',
    },
    {
      code: 'service-missing',
      severity: 'warning',
      object: 'Ingress/default/shop',
      field: '',
      message: 'm',
      hint: 'h',
    },
  ],
  hosts: { compiled: 2, interpreted: 5 },
  endpoints: { out: 3, panic: ['default/shop/80'] },
  kinds: [],
  waiting: [],
  files: { digest: '0123456789abcdef0123456789abcdef' },
  nginx: { running: true, masters: [4710], notes: [] },
};
