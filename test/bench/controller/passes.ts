// The real loop over many services, beside an nginx that takes everything at once: what stays is the controller's own
// work, from a Snapshot to the planned delta.
import { loadTemplates } from '../../../src/cli/load-templates.ts';
import type {
  EndpointSlice,
  Ingress,
  IngressClass,
  Metadata,
  Service,
} from '../../../src/model/kubernetes.ts';
import { patchMap } from '../../../src/model/patched-map.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../src/model/snapshot.ts';
import { createCompileSchedule } from '../../../src/reconcile/compile-schedule.ts';
import { createReconciler } from '../../../src/reconcile/reconcile.ts';
import { createReport } from '../../../src/reconcile/report.ts';
import { whyInterpreted } from '../../../src/render/compilable.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { runtime } from './runtime.ts';

export type Passes = {
  /** Another address for one service. Milliseconds until what is to be sent is known. */
  readonly moveEndpoint: (round: number) => Promise<number>;
  /** An Ingress, a Service and a slice for a host that was not there. */
  readonly addHost: (round: number) => Promise<number>;
  readonly end: () => Promise<void>;
};

export async function startPasses(services: number): Promise<Passes> {
  const lifecycle = new AbortController();
  let planned: (documents: number) => void = () => undefined;
  const reconciler = await startLoop(lifecycle.signal, (documents) => planned(documents));
  let snapshot = manyServices(services);
  const pass = (next: Snapshot): Promise<number> => {
    snapshot = next;
    const start = performance.now();
    const done = new Promise<number>((resolve) => {
      planned = () => resolve(performance.now() - start);
    });
    reconciler.offer(next);
    return done;
  };
  await pass(snapshot);
  await reconciler.idle();

  return {
    moveEndpoint(round) {
      const index = (round * 7919) % services;
      const moved = slice(index, `10.200.${(round >> 8) % 256}.${round % 256}`);
      return pass({ ...snapshot, endpointSlices: patchMap(snapshot.endpointSlices, [entry(moved)]) });
    },
    addHost(round) {
      const index = services + round;
      return pass({
        ...snapshot,
        ingresses: patchMap(snapshot.ingresses, [entry(ingress(index))]),
        services: patchMap(snapshot.services, [entry(service(index))]),
        endpointSlices: patchMap(snapshot.endpointSlices, [entry(slice(index, '10.250.0.1'))]),
      });
    },
    async end() {
      lifecycle.abort();
      await reconciler.idle();
    },
  };
}

async function startLoop(signal: AbortSignal, planned: (documents: number) => void) {
  const loaded = await loadTemplates(null);
  if (!('templates' in loaded)) throw new Error('the built-in templates are broken');
  const renderer = createRenderer(loaded.templates);
  const render: Parameters<typeof createReconciler>[0]['render'] = (model, compile) =>
    renderer(model, { runtime, compile });
  const proven = async () => ({ outcome: 'proven', durationMs: 1, notes: [] }) as const;
  const report = createReport({
    log: { info() {}, warn() {} },
    measure: { pass() {}, push() {}, compile() {}, propagation() {} },
    now: () => new Date(),
  });
  return createReconciler({
    translate: createTranslator(DEFAULT_TRANSLATE_OPTIONS),
    render,
    builtIn: render,
    schedule: createCompileSchedule({
      mode: 'calm',
      maximum: 1_000,
      quiet: 10_000,
      interval: 60_000,
      obstacle: whyInterpreted,
      now: () => performance.now(),
    }),
    async publish(change) {
      planned(change.put.length);
      return { outcome: 'in-force' };
    },
    compile: proven,
    confirm: proven,
    reload: proven,
    draining: async () => 0,
    isRunning: () => true,
    hasDrifted: () => false,
    applied: { documents: new Map(), files: null, compiling: null },
    report,
    signal,
    onPass: () => void report.facts(),
  });
}

function manyServices(count: number): Snapshot {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const ours: IngressClass = {
    kind: 'IngressClass',
    metadata: { ...metadata('nginx'), namespace: '' },
    controller: 'k8s.io/ingress-nginx',
  };
  return {
    ...EMPTY_SNAPSHOT,
    ingressClasses: new Map([['nginx', ours]]),
    ingresses: new Map(indexes.map((index) => entry(ingress(index)))),
    services: new Map(indexes.map((index) => entry(service(index)))),
    endpointSlices: new Map(
      indexes.map((index) => entry(slice(index, `10.${index >> 16}.${(index >> 8) % 256}.${index % 256}`))),
    ),
  };
}

function entry<T extends { readonly metadata: Metadata }>(object: T): readonly [string, T] {
  return [`default/${object.metadata.name}`, object];
}

function metadata(name: string, labels: Readonly<Record<string, string>> = {}): Metadata {
  const creationTimestamp = '2026-01-31T12:00:00Z';
  return { name, namespace: 'default', creationTimestamp, annotations: {}, labels };
}

function ingress(index: number): Ingress {
  const backend = { kind: 'service', service: `service-${index}`, port: { number: 80 } } as const;
  return {
    kind: 'Ingress',
    metadata: metadata(`ingress-${index}`),
    ingressClassName: 'nginx',
    defaultBackend: undefined,
    tls: [],
    rules: [{ host: `host-${index}.bench.example`, paths: [{ path: '/', pathType: 'Prefix', backend }] }],
  };
}

function service(index: number): Service {
  return {
    kind: 'Service',
    metadata: metadata(`service-${index}`),
    type: 'ClusterIP',
    clusterIP: undefined,
    externalName: undefined,
    ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 8080 }],
  };
}

function slice(index: number, address: string): EndpointSlice {
  const where = { zone: undefined, nodeName: undefined, forZones: [] };
  const state = { ready: true, serving: true, terminating: false, ...where };
  return {
    kind: 'EndpointSlice',
    metadata: metadata(`slice-${index}`, { 'kubernetes.io/service-name': `service-${index}` }),
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [address], ...state }],
  };
}
