// The change path from a real kube-apiserver to every worker of nginx. It runs in a network of its own, as the cluster
// suite does: outside of one this file starts itself again inside, and passes on what it measures.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { ensureNginx } from '../../openresty/install-nginx.ts';
import { ensureControlPlane } from '../cluster/support/build.ts';
import { enterOwnNetwork, requireOwnNetwork } from '../cluster/support/own-network.ts';
import { memory } from '../cluster/support/process-usage.ts';
import { measureBurst, measureIdle, measureIngressPost, measureSlicePatch } from './cluster/changes.ts';
import { startClassic } from './cluster/classic.ts';
import { measureColdStart } from './cluster/cold-start.ts';
import type { Sighting } from './cluster/probe.ts';
import { type Report, reportOn } from './cluster/report.ts';
import { openWorld, type World } from './cluster/world.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { FULL_PUSH } from './support/full-push-peer.ts';
import type { Measurement } from './support/measurement.ts';
import { nameOfSize } from './support/services.ts';

const SIZES = [1, 1000, 5000];
const CHANGES = 20;
const PACES = [
  ['spaced', 1000],
  ['back to back', 0],
] as const;

export const bench: Bench = {
  name: 'cluster',
  title: 'From a write to the API server until every worker answers accordingly (milliseconds)',
  shown: ['every worker', 'every worker, longest', 'all hosts', 'idle CPU of the controller'],
  run: async (context) => ((await isInside()) ? measureAll(context) : runInside(context)),
};

async function measureAll(context: BenchContext): Promise<void> {
  for (const size of SIZES) {
    if (!context.wants(nameOfSize(size))) continue;
    context.say(`${nameOfSize(size)}: making the cluster`);
    const world = await openWorld(size);
    try {
      await measureOne(world, context);
    } finally {
      await world.close();
    }
  }
}

async function measureOne(world: World, context: BenchContext): Promise<void> {
  const { gateway } = world;
  const ours = reportOn(world.size, 'ours', context);
  ours.say('cold start');
  const cold = await measureColdStart(world);
  ours.one('cold start', 'first host', 'ms', cold.first);
  ours.one('cold start', 'all hosts', 'ms', cold.all);
  ours.one('cold start', 'looks in which hosts were missing', 'looks', cold.partialLooks);
  await gateway.settled(120_000);
  const { peak = '' } = await memory(gateway.controller().pid);
  ours.one('cold start', 'peak memory of the controller', 'MB', Number.parseInt(peak, 10));
  const own = await measureChanges(world, gateway.httpPort, ours, context);
  await measureCosts(world, ours, context);
  await gateway.controller().stop();
  // Last, and alone: it takes more of the machine than what it is compared with.
  const peer = reportOn(world.size, FULL_PUSH, context);
  const classic = await startClassic(world);
  try {
    const theirs = await measureChanges(world, classic.port, peer, context);
    for (const [what, seen] of theirs) {
      peer.sightings(what, seen);
      ours.sightings(what, own.get(what) ?? [], seen);
    }
  } finally {
    await classic.close();
  }
}

/** The same work for both designs. */
async function measureChanges(
  world: World,
  port: number,
  report: Report,
  { rounds, signal }: BenchContext,
): Promise<ReadonlyMap<string, readonly Sighting[]>> {
  const seen = new Map<string, readonly Sighting[]>();
  const changes = rounds ?? CHANGES;
  for (const [name, pauseMs] of PACES) {
    signal.throwIfAborted();
    report.say(`slices, ${name}`);
    seen.set(`slice PATCH, ${name}`, await measureSlicePatch(world, { port, changes, pauseMs }));
  }
  signal.throwIfAborted();
  report.say('Ingresses');
  return seen.set('Ingress POST', await measureIngressPost(world, { port, changes, pauseMs: 500 }));
}

async function measureCosts(world: World, report: Report, { signal }: BenchContext): Promise<void> {
  for (const count of [1, 100]) {
    signal.throwIfAborted();
    report.say(`${count} Ingresses at once, and calm after them`);
    const what = count === 1 ? 'one Ingress more' : `${count} Ingresses at once`;
    const cost = await measureBurst(world, count);
    report.one(what, 'accepted by the API server', 'ms', cost.accepted);
    report.one(what, 'all served', 'ms', cost.served);
    report.one(what, 'reloads', 'reloads', cost.reloads);
    report.one(what, 'CPU of the controller', 'ms', cost.cpu.controller);
    report.one(what, 'CPU of nginx -t', 'ms', cost.cpu.children);
    report.one(what, 'CPU of nginx', 'ms', cost.cpu.nginx);
  }
  report.say('idle');
  const idle = await measureIdle(world);
  report.one('idle', 'idle CPU of the controller', 'ms/s', idle.controller);
  report.one('idle', 'idle CPU of nginx', 'ms/s', idle.nginx);
  report.one('idle', 'connections to the API server', 'connections', world.plane.gate.open());
}

function isInside(): Promise<boolean> {
  return requireOwnNetwork().then(
    () => true,
    () => false,
  );
}

/** With the same options, but for those about what was measured: that is done out here. */
async function runInside({ emit, say, signal }: BenchContext): Promise<void> {
  // What needs the internet comes before the network of our own, which has none.
  await ensureNginx();
  await ensureControlPlane(say);
  const script = resolve(import.meta.dirname, 'run.ts');
  const options = process.argv.slice(3).filter((option) => option !== '--save' && option !== '--draw');
  const [program, ...args] = enterOwnNetwork([process.execPath, script, 'cluster', ...options]);
  const child = spawn(program, args, {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // It waits deaf to gentler signals, and all that runs inside ends with it.
  signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{"bench":"cluster"')) return;
    const { bench: _, ...measurement } = JSON.parse(line) as Measurement;
    emit(measurement);
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail).once('close', done);
  });
  if (code !== 0) throw new Error(`the bench inside of its own network ended with ${code}`);
}
