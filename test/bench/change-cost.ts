// What one change of endpoints costs: bytes sent, CPU and memory of the workers, and what requests of others feel. The
// peer sends everything; every worker decodes it.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from './support/bench.ts';
import { type Changeable, eachChangeWorld } from './support/change-world.ts';
import { cpuTime } from './support/cpu.ts';
import { FULL_PUSH } from './support/full-push-peer.ts';
import { measure } from './support/measurement.ts';
import { type Pinned, pinToEach } from './support/pinned.ts';
import { interleave } from './support/rounds.ts';
import { quantile } from './support/statistics.ts';

const SIZES = [100, 1000, 10_000];
const CHANGES = 4;
/** Longer than the peer's second, with what it does then. */
const APART_MS = 1300;
const RATE = 400;
const CONNECTIONS = 4;

export const bench: Bench = {
  name: 'change-cost',
  title: 'What one change of endpoints costs',
  shown: ['bytes sent', 'CPU of a worker', 'latency of others while changing, p99.9'],
  run: (context) =>
    eachChangeWorld(context, SIZES, ({ host, subjects }, name) =>
      measureWorld(context, name, host, subjects),
    ),
};

type Round = {
  readonly bytes: number;
  /** Milliseconds for one change: of all workers on average, and of the one that took the POST. */
  readonly average: number;
  readonly most: number;
  readonly calm: readonly number[];
  readonly changing: readonly number[];
};

async function measureWorld(
  context: BenchContext,
  name: string,
  host: string,
  subjects: readonly Changeable[],
): Promise<void> {
  const closing: Pinned[] = [];
  try {
    const turns = [];
    const loaded = new Map<string, number>();
    for (const subject of subjects) {
      const pinned = await pinToEach(subject.workers, { port: subject.port, host });
      closing.push(...pinned);
      loaded.set(subject.name, await megabytes(subject.workers));
      turns.push({ subject: subject.name, run: () => oneRound(subject, pinned, host) });
    }
    context.say(name);
    const results = await interleave(turns, { rounds: context.rounds ?? 5, signal: context.signal });
    for (const subject of subjects) {
      const rounds = results.get(subject.name) ?? [];
      const others = subject.name === 'ours' ? (results.get(FULL_PUSH) ?? []) : null;
      const emit = (metric: string, unit: string, of: (round: Round) => number) =>
        context.emit(
          measure({
            case: name,
            subject: subject.name,
            metric,
            unit,
            values: rounds.map(of),
            ...(others === null ? {} : { peer: { subject: FULL_PUSH, values: others.map(of) } }),
          }),
        );
      emit('bytes sent', 'B', ({ bytes }) => bytes);
      emit('CPU of a worker', 'ms', ({ average }) => average);
      emit('CPU of the busier worker', 'ms', ({ most }) => most);
      for (const [label, at] of [
        ['p99.9', 0.999],
        ['longest', 1],
      ] as const) {
        emit(`latency of others, ${label}`, 'ms', ({ calm }) => quantile(calm, at));
        emit(`latency of others while changing, ${label}`, 'ms', ({ changing }) => quantile(changing, at));
      }
      const single = (metric: string, value: number) =>
        context.emit(measure({ case: name, subject: subject.name, metric, unit: 'MB', values: [value] }));
      single('memory of a worker, loaded', loaded.get(subject.name) ?? Number.NaN);
      single('memory of a worker, after the changes', await megabytes(subject.workers));
    }
  } finally {
    for (const { close } of closing) close();
  }
}

async function oneRound(subject: Changeable, pinned: readonly Pinned[], host: string): Promise<Round> {
  const idle = await costOf(subject, pinned, async () => 0);
  const busy = await costOf(subject, pinned, async () => {
    const { bytes, done } = subject.change();
    await done;
    return bytes;
  });
  const each = busy.cpu.map((cpu, i) => (cpu - (idle.cpu[i] ?? 0)) / CHANGES);
  const calm = await loadFor(subject, host, CHANGES * APART_MS, async () => undefined);
  const changing = await loadFor(subject, host, CHANGES * APART_MS, async () => {
    await subject.change().done;
  });
  return {
    bytes: busy.bytes,
    average: Math.max(0, each.reduce((sum, cpu) => sum + cpu, 0) / each.length),
    most: Math.max(0, ...each),
    calm,
    changing,
  };
}

/** CPU of each worker, in milliseconds, while something is done and every worker serves a request by it. */
async function costOf(
  { workers }: Changeable,
  pinned: readonly Pinned[],
  act: () => Promise<number>,
): Promise<{ readonly cpu: readonly number[]; readonly bytes: number }> {
  const before = await Promise.all(workers.map(cpuTime));
  let bytes = 0;
  for (let i = 0; i < CHANGES; i += 1) {
    bytes = await act();
    await Promise.all(pinned.map(({ ask }) => ask()));
    await sleep(APART_MS);
    await Promise.all(pinned.map(({ ask }) => ask()));
  }
  const after = await Promise.all(workers.map(cpuTime));
  return { cpu: after.map((cpu, i) => (cpu - (before[i] ?? 0)) / 1e6), bytes };
}

/** Milliseconds of each request, sent at a fixed rate whatever became of the one before, while `act` is done at times. */
async function loadFor(
  { port }: Changeable,
  host: string,
  milliseconds: number,
  act: () => Promise<void>,
): Promise<readonly number[]> {
  const latencies: number[] = [];
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => openLoad(port, host, latencies)),
  );
  const started = performance.now();
  let sent = 0;
  let acted = 0;
  while (performance.now() - started < milliseconds) {
    const elapsed = performance.now() - started;
    if (elapsed > (acted + 0.3) * APART_MS) {
      acted += 1;
      void act();
    }
    while (sent < (elapsed * RATE) / 1000) {
      connections[sent % CONNECTIONS]?.send(started + (sent * 1000) / RATE);
      sent += 1;
    }
    await sleep(1);
  }
  await sleep(300);
  for (const { close } of connections) close();
  return latencies;
}

/** Requests are pipelined, so that a stalled worker is met by all that fall due meanwhile. */
async function openLoad(port: number, host: string, latencies: number[]) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((done, fail) => socket.once('connect', done).once('error', fail));
  const due: number[] = [];
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    rest += text;
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(rest.slice(0, end + 2))?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      rest = rest.slice(end + 4 + length);
      latencies.push(performance.now() - (due.shift() ?? Number.NaN));
    }
  });
  return {
    send(at: number) {
      due.push(at);
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    },
    close: () => socket.destroy(),
  };
}

/** Of the worker that has most: its own memory, without what it shares with the master and the others. */
async function megabytes(workers: readonly number[]): Promise<number> {
  const texts = await Promise.all(workers.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8')));
  return Math.max(...texts.map((text) => Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(text)?.[1]) / 1000));
}
