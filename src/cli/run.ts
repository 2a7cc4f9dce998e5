// `run`: the controller beside its nginx. The only place where the rooms are put together.

import { hostname } from 'node:os';
import { pino } from 'pino';
import type { Model } from '../model/model.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { drainingReloads } from '../nginx/draining.ts';
import { lookAtNginx, type Sighting, watchNginx } from '../nginx/publish/watch.ts';
import { createSupervisor, type Supervisor } from '../nginx/supervise/supervisor.ts';
import type { Flags } from '../options/flags.ts';
import { createCompileSchedule } from '../reconcile/compile-schedule.ts';
import { keepCertificates } from '../reconcile/keep-certificates.ts';
import { createReconciler } from '../reconcile/reconcile.ts';
import { createReport, type Report } from '../reconcile/report.ts';
import { whyInterpreted } from '../render/compilable.ts';
import { createAdminServer } from '../serve/admin-server.ts';
import { createMetrics } from '../serve/metrics.ts';
import type { StateReport } from '../serve/state.ts';
import { withNames } from '../sources/names/with-names.ts';
import { withStaples } from '../sources/staples/with-staples.ts';
import { createTranslator } from '../translate/translate.ts';
import { type Command, type CommandContext, EXIT } from './command.ts';
import { hasIpv6 } from './has-ipv6.ts';
import { loadTemplates } from './load-templates.ts';
import { PACKAGE } from './package.ts';
import { missingFolder } from './render-once.ts';
import { backendReports } from './run/backend-reports.ts';
import { createDrift } from './run/drift.ts';
import { liveTemplates } from './run/live-templates.ts';
import { type DataPlane, type OpenFailure, openDataPlane } from './run/open-data-plane.ts';
import { openSource, prepareSource, type RunningSource } from './run/source.ts';
import { stateReport } from './run/state-report.ts';
import { untilStopped } from './run/until-stopped.ts';
import { translateOptions } from './translate-options.ts';

export const run: Command = async (flags, context) => {
  const missing = await missingFolder(flags.manifests);
  if (missing !== null) {
    context.stderr.write(missing);
    return EXIT.usage;
  }
  const log = pino(
    { level: flags.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    context.stderr,
  );
  const { signal, stopped, stop } = untilStopped(log);
  const opening = openDataPlane(flags, context.env.PATH ?? '', { log, signal });
  // That is mostly waiting for nginx to say what it can do; what is needed next is loaded meanwhile.
  const templates = loadTemplates(null);
  templates.catch(() => undefined);
  prepareSource(flags);
  const opened = await opening;
  if (!('runtime' in opened)) return refuse(context, opened.message, opened.hint);
  const failure = await serve(flags, opened, { log, env: context.env, templates, signal, stopped, stop });
  return failure === null ? EXIT.ok : refuse(context, failure.message, failure.hint);
};

interface Life {
  readonly log: pino.Logger;
  readonly env: CommandContext['env'];
  readonly templates: ReturnType<typeof loadTemplates>;
  readonly signal: AbortSignal;
  readonly stopped: Promise<void>;
  readonly stop: () => void;
}

async function serve(
  flags: Flags,
  plane: DataPlane,
  { log, env, templates, signal, stopped, stop }: Life,
): Promise<{ readonly message: string; readonly hint: string } | null> {
  const { publisher, compiler, runtime, binary, state } = plane;
  const { prefix } = flags;
  const metrics = createMetrics({
    version: PACKAGE.version,
    controllerClass: flags.controllerClass,
    namespace: '',
    pod: hostname(),
  });
  const report = createReport({ log, measure: metrics, now: () => new Date() });
  let sighting: Sighting | null = null;
  /** Digest of the documents that every live instance is known to have. */
  let inForce: string | null = null;
  let settledOnce = false;
  let last: Model | null = null;
  let source: RunningSource | null = null;
  let failure: OpenFailure | null = null;

  const describe = (): StateReport => {
    const current = stateReport({
      facts: report.facts(),
      sighting,
      inForce: inForce === publisher.state(),
      settledOnce,
      source: source?.waiting() ?? ['the source is not open yet'],
      kinds: source?.kinds() ?? [],
      ...publisher.version(),
      notes: plane.notes,
    });
    settledOnce = current.settledOnce;
    return current;
  };
  const admin = await createAdminServer({
    address: flags.adminAddress,
    state: describe,
    hosts: () => report.hosts(),
    backends: async (name) => (last === null ? [] : backendReports(name, last, plane.reach.client)),
    metrics,
    signal,
    log,
  });
  if (admin.outcome === 'failed') {
    await state.close();
    return admin;
  }

  const supervisor = flags.supervise ? superviseNginx(binary, prefix, log, report) : null;
  if (plane.startable) supervisor?.ensure();
  // Nothing is awaited between the first templates and the loop, which their next change is told to.
  const ipv6 = await hasIpv6();
  const renders = await liveTemplates({
    builtIn: templates,
    folder: flags.templateDir,
    runtime,
    signal,
    log,
    onRender: (render) => reconciler.useRender(render),
    onDiagnostics: (diagnostics) => report.templates(diagnostics),
  });
  const drift = createDrift();
  const schedule = createCompileSchedule({
    mode: flags.compile,
    maximum: flags.compileMaxHosts,
    quiet: flags.compileQuiet,
    interval: flags.compileInterval,
    obstacle: whyInterpreted,
    now: () => performance.now(),
  });
  const stapled = withStaples({
    signal,
    documents: plane.applied.documents,
    allowed: flags.ocspResponderNetworks,
    onSnapshot: (snapshot: Snapshot, at: number) => reconciler.offer(snapshot, at),
  });
  const reconciler = createReconciler({
    translate: keepCertificates(createTranslator(translateOptions(flags, ipv6)), {
      documents: plane.applied.documents,
      now: () => Date.now(),
    }),
    ...renders,
    schedule,
    async publish(change) {
      const outcome = await publisher.publish(change);
      if (outcome.outcome === 'in-force') inForce = publisher.state();
      return outcome;
    },
    async compile(files) {
      const outcome = await compiler.compile(files);
      // Workers are others now, and who waits for `settled` asks for them.
      if (outcome.outcome === 'proven') sighting = await lookAtNginx({ ...plane.reach, publisher });
      if (outcome.outcome === 'written') supervisor?.ensure();
      return outcome;
    },
    confirm: compiler.confirm,
    reload: compiler.reload,
    draining: () => drainingReloads(prefix),
    isRunning: () => sighting?.up ?? false,
    hasDrifted: () => drift.isSeen(),
    applied: plane.applied,
    report,
    signal,
    onPass(snapshot, model) {
      last = model;
      source?.passed(snapshot, model, report.facts().diagnostics);
      stapled.passed(model);
      metrics.served(model);
    },
  });
  const watching = watchNginx({
    ...plane.reach,
    prefix,
    publisher,
    onSighting(seen, changed) {
      sighting = seen;
      if (seen.inForce) inForce = publisher.state();
      const drifted = drift.look(seen, reconciler.filesInForce());
      if (!changed && !drifted) return;
      log.info({ up: seen.up, inForce: seen.inForce, trouble: seen.trouble }, 'nginx');
      reconciler.kick();
    },
  });
  const named = withNames({
    signal,
    onSnapshot: (snapshot: Snapshot, at: number) => stapled.take(snapshot, at),
  });
  const started = await openSource(flags, { signal, log, env, onSnapshot: named });
  if ('message' in started) failure = started;
  else source = started;

  if (failure === null) await stopped;
  else stop();
  await source?.ended();
  await reconciler.idle();
  await watching;
  await publisher.idle();
  await supervisor?.end();
  await state.close();
  await admin.closed;
  return failure;
}

/** Starts at the first `ensure`, ends only what it was asked to keep. */
function superviseNginx(binary: string, prefix: string, log: pino.Logger, report: Report) {
  const never = new AbortController();
  let supervisor: Supervisor | null = null;
  return {
    ensure() {
      if (supervisor !== null) return;
      supervisor = createSupervisor({
        binary,
        prefix,
        log,
        signal: never.signal,
        onStarted: () => report.started(null),
        onFailed: (message) => report.started(message),
      });
      void supervisor.start();
    },
    async end() {
      await supervisor?.stop();
    },
  };
}

function refuse({ stderr }: CommandContext, message: string, hint: string): number {
  stderr.write(`error: ${message}\n${hint === '' ? '' : `hint: ${hint}\n`}`);
  return EXIT.faulty;
}
