// Under load an endpoint hangs, resets, answers 5xx, answers slowly, flaps, or is full: it is left within the bound that
// its checks were given, comes back after it, and requests fail only where retries are not allowed.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { BackendReport } from '../../src/serve/backend-report.ts';
import type { Backend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { request } from '../support/http-client.ts';
import { type LoadReport, startLoad } from '../support/load.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { startStalledBackend } from './support/stalled-backend.ts';
import { closeAfterTest, startBackends, testGateway } from './support/test-gateway.ts';

const RATE = 200;
const COMMON = { 'proxy-read-timeout': '1', 'proxy-connect-timeout': '1', 'proxy-next-upstream-tries': '3' };
const CHECKS = {
  passive: {
    'upstream-max-fails': '3',
    'upstream-fail-timeout': '2',
    'upstream-fail-statuses': '500-599',
  },
  active: {
    'health-check': 'http',
    'health-check-path': '/health',
    'health-check-interval': '1',
    'health-check-timeout': '1',
    'health-check-fall': '2',
    'health-check-rise': '2',
  },
} as const;
type Check = keyof typeof CHECKS;
const BOTH = Object.keys(CHECKS) as Check[];

/** Milliseconds: what the settings above come to, the timer of the workers, and slack for a busy machine. */
const SLACK = 1_500;
const LEAVE = { passive: 1_000, active: 2 * 1_000 + 1_000 + 250 };
const RETURN = { passive: 2_000 + 250, active: 2 * 1_000 + 1_000 + 250 };

interface Faulty {
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
}

interface Fault {
  readonly name: string;
  readonly of: (backend: Backend) => Faulty;
  /** Requests that may fail: those that no rule tries again, until the endpoint is left. */
  readonly mayFail: (check: Check) => number;
}

const none = () => 0;
const FAULTS: readonly Fault[] = [
  { name: 'hangs', of: behaving({ fault: 'hang' }), mayFail: none },
  { name: 'resets', of: behaving({ fault: 'reset' }), mayFail: none },
  { name: 'answers slowly', of: behaving({ delayMs: 4_000 }), mayFail: none },
  {
    name: 'answers 500',
    of: behaving({ status: 500 }),
    // An answer is an answer: each worker passes some on before it is ejected, or the check sees a quarter of all.
    mayFail: (check) => (check === 'passive' ? 40 : (RATE / 4) * ((LEAVE.active + SLACK) / 1_000)),
  },
];

for (const fault of FAULTS) {
  testGateway(
    `an endpoint that ${fault.name}`,
    {
      backends: ['p1', 'p2', 'p3', 'p4', 'a1', 'a2', 'a3', 'a4'],
      gateway: (backends) => ({ manifests: manifestsOf(backends.map(({ endpoint }) => endpoint)) }),
    },
    async ({ gateway, backends }) => {
      const bad = { passive: backends[0], active: backends[4] };
      const found = await Promise.all(
        BOTH.map((check) => {
          const backend = bad[check] as Backend;
          return observe(gateway, check, backend.endpoint, fault.of(backend));
        }),
      );
      for (const { check, leftMs, backMs, load, faultBegan, faultEnded } of found) {
        tell(fault.name, check, { leftMs, backMs, load });
        expect(leftMs).toBeLessThan(LEAVE[check] + SLACK);
        expect(backMs).toBeLessThan(RETURN[check] + SLACK);
        expect(load.failed).toBeLessThanOrEqual(fault.mayFail(check));
        expect(load.byBackend[(bad[check] as Backend).name] ?? 0).toBeGreaterThan(0);
        const late = (bad[check] as Backend)
          .arrivals('/')
          .filter((at) => at > faultBegan + leftMs + 500 && at < faultEnded);
        // An ejected endpoint is tried again each two seconds, by a request of each worker at the most.
        expect(late.length).toBeLessThanOrEqual(check === 'active' ? 0 : 8);
      }
    },
  );
}

testGateway(
  'an endpoint that flaps each second',
  {
    backends: ['p1', 'p2', 'p3', 'p4', 'a1', 'a2', 'a3', 'a4'],
    gateway: (backends) => ({ manifests: manifestsOf(backends.map(({ endpoint }) => endpoint)) }),
  },
  async ({ gateway, backends }) => {
    const loads = BOTH.map((check) => loadOf(gateway, check));
    await sleep(500);
    for (let i = 0; i < 8; i++) {
      for (const bad of [backends[0], backends[4]]) bad?.behave(i % 2 === 0 ? { fault: 'reset' } : {});
      await sleep(1_000);
    }
    await eventually(
      'it is used again',
      async () => isUsed(gateway, 'passive', backends[0]?.endpoint ?? ''),
      {
        timeoutMs: RETURN.passive + SLACK,
      },
    );
    const [passive, active] = await Promise.all(loads.map((load) => load.stop()));
    for (const [check, load] of [
      ['passive', passive],
      ['active', active],
    ] as const) {
      tell('flaps', check, { load: load as LoadReport });
      expect(load?.failures).toEqual([]);
      expect(load?.byBackend[check === 'passive' ? 'p1' : 'a1']).toBeGreaterThan(0);
    }
  },
);

testGateway(
  'an endpoint that is full',
  {
    backends: [],
    gateway: async () => {
      full = await startStalledBackend('full', '127.0.0.9');
      closeAfterTest(full.close);
      const others = await startBackends(['one', 'two', 'three']);
      const endpoints = [full.endpoint, ...others.map(({ endpoint }) => endpoint)];
      return { manifests: manifestsOf([...endpoints, ...endpoints]) };
    },
  },
  async ({ gateway }) => {
    if (full === null) throw new Error('no backend');
    const bad = full;
    const stalls: Faulty = { begin: bad.stall, end: bad.resume };
    for (const check of BOTH) {
      const { leftMs, backMs, load } = await observe(gateway, check, bad.endpoint, stalls);
      tell('is full', check, { leftMs, backMs, load });
      expect(leftMs).toBeLessThan(LEAVE[check] + SLACK);
      expect(backMs).toBeLessThan(RETURN[check] + SLACK);
      expect(load.failures).toEqual([]);
      expect(load.byBackend.full).toBeGreaterThan(0);
    }
  },
);

let full: Awaited<ReturnType<typeof startStalledBackend>> | null = null;

function behaving(behaviour: Parameters<Backend['behave']>[0]) {
  return (backend: Backend): Faulty => ({
    begin: () => backend.behave(behaviour),
    end: () => backend.behave({}),
  });
}

/** A Service for each kind of check, with half of the endpoints each. */
function manifestsOf(endpoints: readonly string[]) {
  const half = endpoints.length / 2;
  return Object.fromEntries(
    BOTH.map((check, i) => [
      `${check}.yaml`,
      [
        ...workload(check, endpoints.slice(i * half, (i + 1) * half)),
        ingress(check, {
          host: `${check}.example`,
          service: check,
          annotations: { ...COMMON, ...CHECKS[check] },
        }),
      ],
    ]),
  );
}

function loadOf(gateway: Gateway, check: Check) {
  return startLoad({ port: gateway.httpPort, host: `${check}.example`, connections: 64, rate: RATE });
}

async function isUsed(gateway: Gateway, check: Check, endpoint: string): Promise<boolean> {
  const answer = await request({ port: gateway.adminPort, target: `/state?backend=default/${check}` });
  const { backends } = answer.json<{ readonly backends: readonly BackendReport[] }>();
  const found = backends.flatMap((backend) => backend.endpoints).find((one) => one.endpoint === endpoint);
  if (found === undefined) throw new Error(`${endpoint} is not in ${JSON.stringify(backends)}`);
  return found.used;
}

async function observe(gateway: Gateway, check: Check, endpoint: string, fault: Faulty) {
  const load = loadOf(gateway, check);
  await sleep(1_500);
  const until = (used: boolean, timeoutMs: number) =>
    eventually(
      `${endpoint} is ${used ? 'used' : 'left'}`,
      async () => (await isUsed(gateway, check, endpoint)) === used,
      { timeoutMs, pauseMs: 20 },
    );
  const faultBegan = Date.now();
  await fault.begin();
  await until(false, 10_000);
  const leftMs = Date.now() - faultBegan;
  await sleep(3_000);
  const faultEnded = Date.now();
  await fault.end();
  // What is just being tried again may be ejected once more.
  await eventually(
    `${endpoint} stays`,
    async () => {
      await until(true, 10_000);
      await sleep(100);
      return isUsed(gateway, check, endpoint);
    },
    { timeoutMs: 10_000 },
  );
  const backMs = Date.now() - faultEnded - 100;
  await sleep(1_000);
  return { check, leftMs, backMs, faultBegan, faultEnded, load: await load.stop() };
}

/** The numbers of a run, for whoever reads the log. */
function tell(
  fault: string,
  check: Check,
  { load, ...times }: { load: LoadReport; leftMs?: number; backMs?: number },
) {
  const { sent, failed, byStatus } = load;
  process.stdout.write(`${JSON.stringify({ fault, check, ...times, sent, failed, byStatus })}\n`);
}
