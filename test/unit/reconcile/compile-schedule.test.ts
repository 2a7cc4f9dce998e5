import { describe, expect, test } from '@jest/globals';
import type { Model, Server } from '../../../src/model/model.ts';
import { createCompileSchedule } from '../../../src/reconcile/compile-schedule.ts';

const server = (host: string): Server => ({
  host,
  locations: [],
  certificate: null,
  otherCertificates: [],
  objects: [],
});
const model = (...servers: Server[]): Model =>
  ({ servers: new Map(servers.map((one) => [one.host, one])) }) as unknown as Model;

function scheduleAt(clock: { time: number }, mode: 'never' | 'at-once' | 'calm' = 'calm', maximum = 1000) {
  return createCompileSchedule({
    mode,
    maximum,
    quiet: 10_000,
    interval: 30_000,
    obstacle: (one) => (one.host.startsWith('*') ? 'a wildcard' : null),
    now: () => clock.time,
  });
}

describe('which hosts are compiled', () => {
  test('the first files compile no host, whatever follows them every host that can be', () => {
    const schedule = scheduleAt({ time: 0 });
    const world = model(server('a'), server('*'), server('b'));
    expect([...schedule.targets(world, null)]).toEqual([]);
    expect(schedule.waitingFor('a')).toEqual({ for: 'start' });
    expect(schedule.waitingFor('*')).toEqual({ for: 'nothing', reason: 'a wildcard' });
    expect([...schedule.targets(world, new Set())]).toEqual(['a', 'b']);
    expect(schedule.waitingFor('a')).toEqual({ for: 'next' });
  });

  test('with at-once the first files have every host that can be compiled', () => {
    const schedule = scheduleAt({ time: 0 }, 'at-once');
    expect([...schedule.targets(model(server('a'), server('*')), null)]).toEqual(['a']);
  });

  test('a start beside proven files that compile no host compiles what they lack', () => {
    const schedule = scheduleAt({ time: 0 });
    expect([...schedule.targets(model(server('a')), new Set())]).toEqual(['a']);
  });

  test('a start beside proven files keeps them and lets what they lack become quiet first', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    const world = model(server('a'), server('b'));
    expect([...schedule.targets(world, new Set(['a']))]).toEqual(['a']);
    expect(schedule.waitingFor('b')).toEqual({ for: 'quiet' });
    expect(schedule.wakeIn()).toBe(10_000);
    clock.time = 10_000;
    expect([...schedule.targets(world, new Set(['a']))]).toEqual(['a', 'b']);
  });

  test('hosts of one burst are compiled together, and a host much later does not hold them up', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    const compiled = new Set(['a']);
    const burst: Server[] = [server('a')];
    schedule.targets(model(...burst), compiled);
    for (const [host, at] of [
      ['b', 100],
      ['c', 600],
      ['d', 1_000],
      ['later', 5_000],
    ] as const) {
      clock.time = at;
      burst.push(server(host));
      schedule.targets(model(...burst), compiled);
    }
    const world = model(...burst);
    clock.time = 10_100;
    expect([...schedule.targets(world, compiled)]).toEqual(['a']);
    expect(schedule.wakeIn()).toBe(900);
    clock.time = 11_000;
    expect([...schedule.targets(world, compiled)]).toEqual(['a', 'b', 'c', 'd']);
    expect(schedule.wakeIn()).toBe(4_000);
  });

  test('a new host waits; a change starts its wait again', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    const a = server('a');
    schedule.targets(model(a), new Set());
    clock.time = 1_000;
    expect([...schedule.targets(model(a, server('b')), new Set(['a']))]).toEqual(['a']);
    clock.time = 9_000;
    const changed = server('b');
    schedule.targets(model(a, changed), new Set(['a']));
    clock.time = 11_500;
    expect([...schedule.targets(model(a, changed), new Set(['a']))]).toEqual(['a']);
    clock.time = 19_000;
    expect([...schedule.targets(model(a, changed), new Set(['a']))]).toEqual(['a', 'b']);
  });

  test('what is compiled stays when there is no room for more', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock, 'calm', 2);
    const world = model(server('m'), server('n'));
    schedule.targets(world, new Set());
    clock.time = 20_000;
    const more = model(server('a'), ...world.servers.values());
    schedule.targets(more, new Set(['m', 'n']));
    clock.time = 40_000;
    expect([...schedule.targets(more, new Set(['m', 'n']))]).toEqual(['m', 'n']);
    expect(schedule.waitingFor('a')).toEqual({ for: 'maximum' });
  });

  test('a host that failed its test is interpreted until it changes', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    const world = model(server('a'), server('b'));
    schedule.targets(world, new Set());
    schedule.exclude('a', 'unknown directive');
    expect([...schedule.targets(world, new Set())]).toEqual(['b']);
    expect(schedule.waitingFor('a')).toEqual({ for: 'failed', reason: 'unknown directive' });
    clock.time = 1;
    const mended = model(server('a'), ...[...world.servers.values()].slice(1));
    schedule.targets(mended, new Set(['b']));
    clock.time = 20_000;
    expect([...schedule.targets(mended, new Set(['b']))]).toEqual(['b', 'a']);
  });

  test('never compiles nothing, at-once waits for nothing', () => {
    const clock = { time: 0 };
    expect(scheduleAt(clock, 'never').targets(model(server('a')), new Set(['a'])).size).toBe(0);
    const schedule = scheduleAt(clock, 'at-once');
    schedule.targets(model(server('a')), new Set());
    expect([...schedule.targets(model(server('a'), server('b')), new Set(['a']))]).toEqual(['a', 'b']);
    schedule.finished(60_000);
    expect(schedule.mayStart('calm', 0)).toBe(true);
  });
});

test('a quiet time that ends between looking and asking when to look again is not slept over', () => {
  const clock = { time: 0 };
  const schedule = scheduleAt(clock);
  schedule.targets(model(server('a')), new Set());
  clock.time = 1;
  schedule.targets(model(server('a'), server('b')), new Set(['a']));
  clock.time = 20_000;
  expect(schedule.wakeIn()).toBe(0);
});

describe('when a calm compile may start', () => {
  test('a compile that was put off and is wanted no more wakes nobody', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    schedule.targets(model(server('a')), new Set());
    schedule.finished(100);
    clock.time = 20_000;
    expect(schedule.mayStart('calm', 0)).toBe(false);
    expect(schedule.wakeIn()).toBe(10_000);
    clock.time = 40_000;
    schedule.targets(model(server('a')), new Set(['a']));
    expect(schedule.wakeIn()).toBe(null);
  });

  test('not within the interval, and not within twenty times what the last one took', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    expect(schedule.mayStart('calm', 0)).toBe(true);
    schedule.finished(100);
    expect(schedule.wakeIn()).toBe(null);
    clock.time = 29_999;
    expect(schedule.mayStart('calm', 0)).toBe(false);
    expect(schedule.wakeIn()).toBe(1);
    clock.time = 30_000;
    expect(schedule.mayStart('calm', 0)).toBe(true);
    schedule.finished(5_000);
    clock.time = 129_999;
    expect(schedule.mayStart('calm', 0)).toBe(false);
  });

  test('an nginx that has just started serves for a moment before it is reloaded', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    schedule.begun();
    expect(schedule.mayStart('calm', 0)).toBe(false);
    expect(schedule.held()).toBe('start');
    expect(schedule.wakeIn()).toBe(1_000);
    expect(schedule.mayStart('now', 0)).toBe(true);
    clock.time = 1_000;
    expect(schedule.mayStart('calm', 0)).toBe(true);
    // It shortens no interval.
    schedule.finished(100);
    schedule.begun();
    clock.time = 30_999;
    expect(schedule.mayStart('calm', 0)).toBe(false);
    expect(schedule.held()).toBe('interval');
  });

  test('not while two reloads drain, in any mode', () => {
    const clock = { time: 0 };
    for (const mode of ['calm', 'at-once'] as const) {
      const schedule = scheduleAt(clock, mode);
      expect(schedule.mayStart('calm', 1)).toBe(true);
      expect(schedule.mayStart('calm', 2)).toBe(false);
      expect(schedule.held()).toBe('draining');
      // Asked again even if nobody tells that they ended.
      expect(schedule.wakeIn()).toBe(5_000);
    }
  });

  test('what is not served before it starts at once; while two reloads drain, once in each interval', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    expect(schedule.mayStart('now', 7)).toBe(true);
    schedule.finished(100);
    expect(schedule.mayStart('now', 1)).toBe(true);
    clock.time = 27_000;
    expect(schedule.mayStart('now', 2)).toBe(false);
    expect(schedule.wakeIn()).toBe(3_000);
    clock.time = 30_000;
    expect(schedule.mayStart('now', 2)).toBe(true);
  });

  test('with never, only to be rid of what was compiled', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock, 'never');
    schedule.targets(model(server('a')), new Set(['a']));
    expect(schedule.mayStart('calm', 0)).toBe(true);
    schedule.targets(model(server('a')), new Set());
    expect(schedule.mayStart('calm', 0)).toBe(false);
    expect(schedule.wakeIn()).toBe(null);
    expect(schedule.mayStart('now', 0)).toBe(true);
    expect(schedule.waitingFor('a')).toEqual({ for: 'never' });
  });

  test('a host says what it waits for', () => {
    const clock = { time: 0 };
    const schedule = scheduleAt(clock);
    schedule.targets(model(server('a'), server('*.b')), new Set());
    expect(schedule.waitingFor('a')).toEqual({ for: 'next' });
    expect(schedule.waitingFor('*.b')).toEqual({ for: 'nothing', reason: 'a wildcard' });
    schedule.targets(model(server('a')), new Set(['a']));
    expect(schedule.waitingFor('a')).toBe(null);
    expect(schedule.waitingFor('unknown')).toBe(null);
  });
});
