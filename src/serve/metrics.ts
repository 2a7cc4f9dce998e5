// The controller's own numbers for Prometheus. Where ingress-nginx has a metric of the same meaning its name and
// labels are used, so that dashboards go on working; the rest is named `ingress_openresty_…`.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Severity } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import { createCertificateMetrics } from './certificate-metrics.ts';
import { createKindMetrics } from './kind-metrics.ts';
import type { StateReport } from './state.ts';

export interface Metrics {
  /** From a change seen to a plan made; milliseconds. */
  pass(milliseconds: number): void;
  push(outcome: PublishOutcome['outcome'], milliseconds: number): void;
  /** @param milliseconds from staging to proof; null when there is none. */
  compile(outcome: CompileOutcome['outcome'], milliseconds: number | null): void;
  /** From a change noticed by the source to the same in force; milliseconds. */
  propagation(kind: 'push' | 'compile', milliseconds: number): void;
  /** What the last pass decided to serve. */
  served(model: Model): void;
  /** Everything in Prometheus' text format, the gauges as `report` has them now. */
  expose(report: StateReport): Promise<string>;
  readonly contentType: string;
}

export interface Identity {
  readonly version: string;
  /** `--controller-class`; the other two are `''` outside a cluster. */
  readonly controllerClass: string;
  readonly namespace: string;
  readonly pod: string;
}

/** @param now seconds since 1970. */
export function createMetrics(identity: Identity, now: () => number = () => Date.now() / 1000): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({
    controller_class: identity.controllerClass,
    controller_namespace: identity.namespace,
    controller_pod: identity.pod,
  });
  // A timer of 10 ms, its default, would be most of what an idle controller does, and one of 500 ms still a tenth.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 5_000 });
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const classic = 'nginx_ingress_controller_';
  const ours = 'ingress_openresty_';

  const success = counter(`${classic}success`, 'Reloads of nginx that were proven to be in force');
  const errors = counter(`${classic}errors`, 'Reloads of nginx that were refused or did not come into force');
  const lastSuccessful = gauge(
    `${classic}config_last_reload_successful`,
    'Whether the last attempt to put files in force was well (1) or not (0)',
  );
  const lastSuccessfulAt = gauge(
    `${classic}config_last_reload_successful_timestamp_seconds`,
    'When files were last put in force, in seconds since 1970',
  );
  const configHash = gauge(`${classic}config_hash`, 'The first 48 bits of the digest of the proven files');
  const buildInfo = new Gauge({
    name: `${classic}build_info`,
    help: 'Always 1; the labels tell the version',
    labelNames: ['release', 'build', 'repository'],
    registers,
  });
  buildInfo.set({ release: identity.version, build: '', repository: 'ingress-openresty' }, 1);

  const pushes = new Counter({
    name: `${ours}pushes_total`,
    help: 'Batches of documents sent to nginx, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const reloads = new Counter({
    name: `${ours}reloads_total`,
    help: 'Attempts to put files in force, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const passSeconds = histogram(`${ours}pass_duration_seconds`, 'From a change seen to a plan made', FAST);
  const pushSeconds = histogram(`${ours}push_duration_seconds`, 'From a plan to documents in force', FAST);
  const compileSeconds = histogram(
    `${ours}compile_duration_seconds`,
    'From staged files to proven ones',
    SLOW,
  );
  const propagationSeconds = new Histogram({
    name: `${ours}propagation_seconds`,
    help: 'From a change noticed by the source to the same in force: acknowledged by every nginx (push), or proven in files where it needs them (compile)',
    labelNames: ['kind'],
    buckets: PROPAGATION,
    registers,
  });
  const diagnostics = new Gauge({
    name: `${ours}diagnostics`,
    help: 'What is wrong with objects now, by severity',
    labelNames: ['severity'],
    registers,
  });
  const hosts = new Gauge({
    name: `${ours}hosts`,
    help: 'Hosts with a server of their own (compiled) and hosts that Lua looks up (interpreted)',
    labelNames: ['state'],
    registers,
  });
  const epoch = gauge(`${ours}epoch`, 'Raised at each start of the controller');
  const generation = gauge(`${ours}generation`, 'Version of the documents in force, within the epoch');
  const workers = gauge(`${ours}workers`, 'Workers of nginx that take requests');
  const endpointsOut = gauge(
    `${ours}endpoints_out`,
    'Endpoints that checks or failed requests have taken out, as of the last look at nginx',
  );
  const panics = gauge(
    `${ours}backends_in_panic`,
    'Backends of which too few endpoints are fit, so that all are used',
  );
  const settled = gauge(`${ours}settled`, 'Whether everything seen is in force everywhere');
  const running = gauge(`${ours}nginx_running`, 'Whether an nginx of our prefix runs');

  const kinds = createKindMetrics(registers);
  const { served } = createCertificateMetrics(registers);

  return {
    pass: (milliseconds) => passSeconds.observe(milliseconds / 1000),
    push(outcome, milliseconds) {
      pushes.inc({ outcome });
      pushSeconds.observe(milliseconds / 1000);
    },
    compile(outcome, milliseconds) {
      reloads.inc({ outcome });
      if (milliseconds !== null) compileSeconds.observe(milliseconds / 1000);
      const well = outcome === 'proven' || outcome === 'written';
      lastSuccessful.set(well ? 1 : 0);
      if (well) lastSuccessfulAt.set(now());
      if (outcome === 'proven') success.inc();
      else if (!well) errors.inc();
    },
    propagation(kind, milliseconds) {
      propagationSeconds.observe({ kind }, milliseconds / 1000);
    },
    served,
    expose(report) {
      for (const severity of SEVERITIES) {
        const number = report.diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
        diagnostics.set({ severity }, number);
      }
      hosts.set({ state: 'compiled' }, report.hosts.compiled);
      hosts.set({ state: 'interpreted' }, report.hosts.interpreted);
      epoch.set(report.epoch);
      generation.set(report.generation);
      workers.set(report.workers.length);
      endpointsOut.set(report.endpoints.out);
      panics.set(report.endpoints.panic.length);
      settled.set(report.settled ? 1 : 0);
      running.set(report.nginx.running ? 1 : 0);
      kinds.set(report.kinds);
      configHash.set(Number.parseInt(report.files?.digest.slice(0, 12) ?? '0', 16));
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SLOW = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const PROPAGATION = [
  0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
