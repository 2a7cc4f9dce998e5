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
import { measureColdStart } from './cluster/cold-start.ts';
import type { Sighting } from './cluster/probe.ts';
import { openWorld, type World } from './cluster/world.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { type Measurement, measure } from './support/measurement.ts';

const SIZES = [1, 1000, 5000];
const CHANGES = 20;

export const bench: Bench = {
  name: 'cluster',
  title: 'From a write to the API server until every worker answers accordingly (milliseconds)',
  shown: ['every worker', 'every worker, longest', 'all hosts', 'idle CPU of the controller'],
  run: async (context) => ((await isInside()) ? measureAll(context) : runInside(context)),
};

async function measureAll(context: BenchContext): Promise<void> {
  for (const size of SIZES) {
    if (!context.wants(nameOf(size))) continue;
    context.say(`${nameOf(size)}: making the cluster`);
    const world = await openWorld(size);
    try {
      await measureOne(world, context);
    } finally {
      await world.close();
    }
  }
}

async function measureOne(world: World, { say, emit, rounds, signal }: BenchContext): Promise<void> {
  const { size, gateway, plane } = world;
  const changes = rounds ?? CHANGES;
  const put = (what: string, metric: string, unit: string, values: readonly number[]) =>
    emit(measure({ case: `${nameOf(size)}: ${what}`, subject: 'ours', metric, unit, values }));
  const sightings = (what: string, seen: readonly Sighting[]) => {
    put(
      what,
      'first worker',
      'ms',
      seen.map(({ first }) => first),
    );
    put(
      what,
      'every worker',
      'ms',
      seen.map(({ all }) => all),
    );
    put(what, 'every worker, longest', 'ms', [Math.max(...seen.map(({ all }) => all))]);
    put(what, 'wrong after the first right', 'answers', [sum(seen.map((one) => one.wrongAfterFirst))]);
    put(what, 'no answer', 'connections', [sum(seen.map(({ failed }) => failed))]);
  };

  say(`${nameOf(size)}: cold start`);
  const cold = await measureColdStart(world);
  put('cold start', 'first host', 'ms', [cold.first]);
  put('cold start', 'all hosts', 'ms', [cold.all]);
  put('cold start', 'looks in which hosts were missing', 'looks', [cold.partialLooks]);
  await gateway.settled(120_000);
  put('cold start', 'peak memory of the controller', 'MB', [
    Number.parseInt((await memory(gateway.controller().pid)).peak ?? '', 10),
  ]);

  for (const [name, pauseMs] of [
    ['spaced', 1000],
    ['back to back', 0],
  ] as const) {
    signal.throwIfAborted();
    say(`${nameOf(size)}: slices, ${name}`);
    sightings(`slice PATCH, ${name}`, await measureSlicePatch(world, changes, pauseMs));
  }
  signal.throwIfAborted();
  say(`${nameOf(size)}: Ingresses`);
  sightings('Ingress POST', await measureIngressPost(world, changes, 500));
  for (const count of [1, 100]) {
    signal.throwIfAborted();
    say(`${nameOf(size)}: ${count} Ingresses at once, and calm after them`);
    const what = `${count} Ingress${count === 1 ? '' : 'es'} at once`;
    const cost = await measureBurst(world, count);
    put(what, 'accepted by the API server', 'ms', [cost.accepted]);
    put(what, 'all served', 'ms', [cost.served]);
    put(what, 'reloads', 'reloads', [cost.reloads]);
    put(what, 'CPU of the controller', 'ms', [cost.cpu.controller]);
    put(what, 'CPU of nginx -t', 'ms', [cost.cpu.children]);
    put(what, 'CPU of nginx', 'ms', [cost.cpu.nginx]);
  }
  say(`${nameOf(size)}: idle`);
  const idle = await measureIdle(world);
  put('idle', 'idle CPU of the controller', 'ms/s', [idle.controller]);
  put('idle', 'idle CPU of nginx', 'ms/s', [idle.nginx]);
  put('idle', 'connections to the API server', 'connections', [plane.gate.open()]);
}

function nameOf(size: number): string {
  return size === 1 ? '1 service' : `${size} services`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
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
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{"bench":"cluster"')) return;
    const { bench: _, ...measurement } = JSON.parse(line) as Measurement;
    emit(measurement);
  });
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  if (code !== 0) throw new Error(`the bench inside of its own network ended with ${code}`);
}
