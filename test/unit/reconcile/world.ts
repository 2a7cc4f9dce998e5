// A small world for the loop's tests: real translation, rendering and planning; only nginx's answers are scripted.

import { resolve } from 'node:path';
import type { EndpointSlice, Ingress, Metadata, Service } from '../../../src/model/kubernetes.ts';
import type { CompileOutcome, PublishOutcome } from '../../../src/model/outcome.ts';
import type { DocumentChange } from '../../../src/model/plan.ts';
import type { RenderedFiles } from '../../../src/model/rendered.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../src/model/snapshot.ts';
import { createCompileSchedule } from '../../../src/reconcile/compile-schedule.ts';
import { createReconciler } from '../../../src/reconcile/reconcile.ts';
import { createReport } from '../../../src/reconcile/report.ts';
import type { Render } from '../../../src/reconcile/template-trial.ts';
import { whyInterpreted } from '../../../src/render/compilable.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { compileTemplates } from '../../../src/render/templates.ts';
import { readTemplates } from '../../../src/sources/templates/read-templates.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';

export function snapshotOf(hosts: Readonly<Record<string, readonly string[]>>): Snapshot {
  const ingresses = new Map<string, Ingress>();
  const services = new Map<string, Service>();
  const endpointSlices = new Map<string, EndpointSlice>();
  for (const [host, addresses] of Object.entries(hosts)) {
    const name = host.replaceAll('.', '-');
    ingresses.set(`default/${name}`, ingress(name, host));
    services.set(`default/${name}`, service(name));
    endpointSlices.set(`default/${name}`, slice(name, addresses));
  }
  return { ...EMPTY_SNAPSHOT, ingresses, services, endpointSlices };
}

export interface Scripted {
  readonly publish?: (change: DocumentChange) => Promise<PublishOutcome>;
  readonly compile?: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly confirm?: (files: RenderedFiles) => Promise<CompileOutcome>;
  readonly render?: Render;
  /** True unless given. */
  readonly isRunning?: () => boolean;
  readonly hasDrifted?: () => boolean;
  readonly quiet?: number;
  readonly interval?: number;
  readonly mode?: 'never' | 'at-once' | 'calm';
  readonly draining?: () => number;
}

export async function startLoop(scripted: Scripted) {
  const lifecycle = new AbortController();
  const changes: DocumentChange[] = [];
  const compiled: RenderedFiles[] = [];
  const reloaded: RenderedFiles[] = [];
  const propagated: string[] = [];
  const builtIn = await builtInRender();
  const silent = { info() {}, warn() {} };
  const report = createReport({
    log: silent,
    measure: {
      pass() {},
      push() {},
      compile() {},
      propagation: (kind) => void propagated.push(kind),
    },
    now: () => new Date(0),
  });
  const reconciler = createReconciler({
    translate: createTranslator({ ...DEFAULT_TRANSLATE_OPTIONS, watchIngressWithoutClass: true }),
    render: scripted.render ?? builtIn,
    builtIn,
    schedule: createCompileSchedule({
      mode: scripted.mode ?? 'calm',
      maximum: 100,
      quiet: scripted.quiet ?? 0,
      interval: scripted.interval ?? 0,
      obstacle: whyInterpreted,
      now: () => performance.now(),
    }),
    async publish(change) {
      changes.push(change);
      return (await scripted.publish?.(change)) ?? { outcome: 'in-force' };
    },
    async compile(files) {
      compiled.push(files);
      return (await scripted.compile?.(files)) ?? { outcome: 'proven', durationMs: 1, notes: [] };
    },
    confirm: async (files) =>
      (await scripted.confirm?.(files)) ?? { outcome: 'proven', durationMs: 1, notes: [] },
    async reload(files) {
      reloaded.push(files);
      return { outcome: 'proven', durationMs: 1, notes: [] };
    },
    draining: async () => scripted.draining?.() ?? 0,
    isRunning: () => scripted.isRunning?.() ?? true,
    hasDrifted: () => scripted.hasDrifted?.() ?? false,
    applied: { documents: new Map(), files: null, compiling: null },
    report,
    signal: lifecycle.signal,
  });
  return { reconciler, report, changes, compiled, reloaded, propagated, stop: () => lifecycle.abort() };
}

export async function builtInRender(documentsSize = 1024 * 1024): Promise<Render> {
  const compiled = compileTemplates(await readTemplates(resolve(import.meta.dirname, '../../../templates')));
  if (!('templates' in compiled)) throw new Error(JSON.stringify(compiled.errors));
  const render = createRenderer(compiled.templates);
  return (model, compile) =>
    render(model, {
      compile,
      runtime: {
        modules: [],
        luaPath: [],
        luaCpath: [],
        http2Directive: false,
        luaFolder: '/srv/lua',
        luaDigest: '0'.repeat(32),
        prefix: '/srv/ingress',
        documentsSize,
        includeMain: [],
        includeHttp: [],
      },
    });
}

function metadata(name: string, labels: Readonly<Record<string, string>> = {}): Metadata {
  return { name, namespace: 'default', creationTimestamp: '', annotations: {}, labels };
}

function ingress(name: string, host: string): Ingress {
  const backend = { kind: 'service', service: name, port: { number: 80 } } as const;
  return {
    kind: 'Ingress',
    metadata: metadata(name),
    ingressClassName: undefined,
    defaultBackend: undefined,
    tls: [],
    rules: [{ host, paths: [{ path: '/', pathType: 'Prefix', backend }] }],
  };
}

function service(name: string): Service {
  const ports = [{ name: '', protocol: 'TCP', port: 80, targetPort: undefined }] as const;
  return {
    kind: 'Service',
    metadata: metadata(name),
    type: 'ClusterIP',
    clusterIP: undefined,
    externalName: undefined,
    ports,
  };
}

function slice(name: string, addresses: readonly string[]): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    metadata: metadata(name, { 'kubernetes.io/service-name': name }),
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: addresses.map((address) => ({
      addresses: [address],
      ready: true,
      serving: true,
      terminating: false,
      zone: undefined,
      nodeName: undefined,
      forZones: [],
    })),
  };
}
