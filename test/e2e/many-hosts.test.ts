// Ten thousand hosts: rendered small, served all, most of them interpreted. Times are printed, never judged.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { askMany } from './support/ask.ts';
import { COMMAND } from './support/controller.ts';
import { ingress, type Manifest, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const HOSTS = 10_000;
const hostOf = (i: number) => `h${i}.example`;
const backendOf = (i: number) => (i % 2 === 0 ? 'even' : 'odd');

testGateway(
  `${HOSTS} hosts`,
  {
    backends: ['even', 'odd'],
    gateway: (backends) => ({
      manifests: Object.fromEntries([
        ['workloads.yaml', backends.flatMap(({ name, endpoint }) => workload(name, [endpoint]))],
        // Files of a thousand, as JSON would be: what is measured here is not the reading of YAML.
        ...Array.from({ length: HOSTS / 1000 }, (_, file) => [
          `hosts-${file}.yaml`,
          Array.from({ length: 1000 }, (_, i) => hostIngress(file * 1000 + i)),
        ]),
      ]),
      settleMs: 120_000,
    }),
    timeoutMs: 240_000,
  },
  async ({ gateway }) => {
    const { compiled, interpreted } = (await gateway.state()).hosts;
    expect(compiled + interpreted).toBe(HOSTS);
    expect(interpreted).toBeGreaterThanOrEqual(HOSTS / 2);

    const began = performance.now();
    const wrong: string[] = [];
    const questions = Array.from({ length: HOSTS }, (_, i) => ({ host: hostOf(i), i }));
    const answers = await askMany(gateway.httpPort, questions, {
      connections: 4,
      onAnswer: ({ host }, { status, backend }) => {
        const expected = backendOf(Number(/\d+/.exec(host)?.[0]));
        if (status !== 200 || backend !== expected) wrong.push(`${host}: ${status} ${backend}`);
      },
    });
    expect(wrong).toEqual([]);
    expect(answers.byStatus).toEqual({ 200: HOSTS });
    const askedIn = Math.round(performance.now() - began);
    const controllerMemory = await peakMemory(gateway.controller().pid);

    const capped = await renderMeasured(gateway.manifests, []);
    const whole = await renderMeasured(gateway.manifests, ['--compile-max-hosts', String(HOSTS)]);
    process.stdout.write(
      `${HOSTS} hosts: ${JSON.stringify({ compiled, interpreted, askedInMs: askedIn, controllerPeakMb: controllerMemory, capped, whole })}\n`,
    );
    for (const { code, confBytes, peakMb } of [capped, whole]) {
      expect(code).toBe(0);
      expect(confBytes).toBeLessThan(5_000_000);
      expect(peakMb).toBeLessThan(500);
    }
  },
);

function hostIngress(i: number): Manifest {
  return ingress(`h${i}`, { host: hostOf(i), service: backendOf(i) });
}

/** With reading all YAML, which `render` cannot do without. */
async function renderMeasured(manifests: string, flags: readonly string[]) {
  const output = await mkdtemp(join(tmpdir(), 'rendered-'));
  try {
    const began = performance.now();
    const args = ['render', '--manifests', manifests, '-o', output, ...flags];
    const child = spawn(COMMAND, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    let peakMb = 0;
    const looking = setInterval(() => {
      void peakMemory(child.pid ?? 0).then((now) => {
        peakMb = Math.max(peakMb, now);
      });
    }, 20);
    const [code] = (await once(child, 'exit')) as [number | null];
    clearInterval(looking);
    const { size } = await stat(join(output, 'nginx.conf'));
    return { code, ms: Math.round(performance.now() - began), peakMb, confBytes: size };
  } finally {
    await rm(output, { recursive: true });
  }
}

/** Megabytes of the most that it ever had in memory; 0 when it is gone. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
