// The demo of the README: the tour by itself, and Ctrl-C in the middle; both leave nothing behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { findMasters, processTitle } from '../support/processes.ts';

const script = resolve(import.meta.dirname, '../../openresty/demo.ts');
let child: ChildProcess | null = null;

afterEach(async () => {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child?.once('exit', done));
  child.kill('SIGTERM');
  await gone;
});

type Demo = {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
  /** Resolves when the output matches; rejects when the demo ends before. */
  readonly says: (pattern: RegExp) => Promise<void>;
};

function startDemo(...args: readonly string[]): Demo {
  const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
      started.emit('said');
    });
  }
  const exited = new Promise<number | null>((done) => started.once('close', (code) => done(code)));
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((done, fail) => {
      const look = (): void => {
        if (pattern.test(output)) done();
      };
      started.on('said', look);
      void exited.then(() => fail(new Error(`ended without saying ${pattern}:\n${output}`)));
      look();
    });
  return { process: started, output: () => output, exited, says };
}

async function expectNothingLeft(output: string): Promise<void> {
  const [, pid = '', log = ''] = /controller: {2}process (\d+), its log: (.+)/.exec(output) ?? [];
  const folder = dirname(log);
  expect(folder).toContain('ingress-demo');
  expect(existsSync(folder)).toBe(false);
  expect(await processTitle(Number(pid))).toBe('');
  expect(await findMasters(join(folder, 'nginx'))).toEqual([]);
}

describe('npm run demo', () => {
  test('--once: every step has its effect, without a reload; nothing is left behind', async () => {
    const demo = startDemo('--once');
    const code = await demo.exited;
    expect(demo.output()).not.toContain('FAILED');
    expect(demo.output().match(/^ok {6}/gm)).toHaveLength(10);
    expect(code).toBe(0);
    await expectNothingLeft(demo.output());
  }, 120_000);

  test('Ctrl-C stops and removes everything', async () => {
    const demo = startDemo();
    await demo.says(/Running\./);
    demo.process.kill('SIGINT');
    expect(await demo.exited).toBe(0);
    await expectNothingLeft(demo.output());
  }, 120_000);

  test('anything else on its command line is wrong usage', async () => {
    const demo = startDemo('--twice');
    expect(await demo.exited).toBe(2);
    expect(demo.output()).toContain('usage: npm run demo');
  });
});
