// Why an endpoint gets requests, or not, in words.
import { expect, test } from '@jest/globals';
import type { EndpointHealth } from '../../../src/model/health.ts';
import type { Backend } from '../../../src/model/model.ts';
import { backendReport } from '../../../src/serve/backend-report.ts';

const BACKEND: Backend = {
  id: 'default/shop/80',
  balancing: {
    algorithm: 'ewma',
    hashBy: [],
    subsetSize: 0,
    slowStart: 0,
    panicThreshold: 0,
    passive: { maxFails: 5, failTimeout: 10, statuses: [], maxEjected: 50 },
    check: {
      type: 'http',
      interval: 2,
      timeout: 1,
      rise: 2,
      fall: 3,
      port: null,
      path: '/health',
      host: null,
      statuses: [[200, 399]],
      service: '',
    },
  },
  endpoints: ['10.0.0.1', 'fd00::1'].map((address) => ({ address, port: 80, weight: 1, draining: false })),
  left: [
    { address: '10.0.0.8', port: 80, why: 'not-ready' },
    { address: '10.0.0.9', port: 80, why: 'other-zone' },
  ],
};

function known(address: string, more: Partial<EndpointHealth>): EndpointHealth {
  return {
    address,
    port: 80,
    state: 'healthy',
    used: true,
    since: null,
    until: null,
    reason: null,
    ...more,
  };
}

function report(first: Partial<EndpointHealth>, panic = false) {
  const endpoints = [known('10.0.0.1', first), known('fd00::1', {})];
  return backendReport(BACKEND, ['Ingress/default/shop'], { id: BACKEND.id, panic, endpoints });
}

test('every endpoint is there, those that nginx is not told of too', () => {
  const { endpoints, ...rest } = report({});
  expect(rest).toEqual({
    backend: 'default/shop/80',
    usedBy: ['Ingress/default/shop'],
    algorithm: 'ewma',
    activeCheck: 'http /health each 2 s, 1 s for the answer, out after 3 failures, in after 2 successes',
    passiveCheck: 'out for 10 s after 5 failures within 10 s, 50 % at the most',
    panic: false,
  });
  expect(endpoints.map(({ endpoint, state, used }) => [endpoint, state, used])).toEqual([
    ['10.0.0.1:80', 'healthy', true],
    ['[fd00::1]:80', 'healthy', true],
    ['10.0.0.8:80', 'not-ready', false],
    ['10.0.0.9:80', 'other-zone', false],
  ]);
});

test.each<[Partial<EndpointHealth>, boolean, string]>([
  [
    { state: 'unhealthy', used: false, since: 1, reason: 'timeout' },
    false,
    'its health check fails: timeout',
  ],
  [
    { state: 'unhealthy', used: true, since: 1, reason: 'timeout' },
    true,
    'its health check fails: timeout; it is used all the same, because too few are fit',
  ],
  [
    { state: 'ejected', used: false, since: 1, until: 11, reason: 'status 503' },
    false,
    'requests failed: status 503',
  ],
  [
    { state: 'ejected', used: true, since: 1, until: 11, reason: 'status 503' },
    false,
    'requests failed: status 503; it is used all the same, because as many as may be are ejected',
  ],
  [
    { state: 'draining', used: false },
    false,
    'it is terminating and serves still: only sessions that are there already stay',
  ],
])('%j, panic %j', (first, panic, why) => {
  expect(report(first, panic).endpoints[0]?.why).toBe(why);
});

test('times are as people write them', () => {
  expect(
    report({ state: 'ejected', used: false, since: 1.5, until: 11.5, reason: 'r' }).endpoints[0],
  ).toMatchObject({
    since: '1970-01-01T00:00:01.500Z',
    until: '1970-01-01T00:00:11.500Z',
  });
});

test('an nginx that cannot be asked, or does not have it yet, is not made up for', () => {
  expect(backendReport(BACKEND, [], 'no nginx listens')).toMatchObject({
    trouble: 'no nginx listens',
    endpoints: [{ state: 'unknown', used: false }, { state: 'unknown' }, { state: 'not-ready' }, {}],
  });
  expect(backendReport(BACKEND, [], null).endpoints[0]).toMatchObject({
    state: 'unknown',
    why: 'nginx does not have it yet: the change is on its way',
  });
});
