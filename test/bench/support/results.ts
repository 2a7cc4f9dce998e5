// Results on disk: JSON lines in docs/benchmarks, and the picture that is drawn from them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Bench } from './bench.ts';
import type { Measurement } from './measurement.ts';
import { drawTable } from './svg-table.ts';

const folder = resolve(import.meta.dirname, '../../../docs/benchmarks');

/** Cases that were not run this time keep their lines. */
export async function saveResults(bench: Bench, measurements: readonly Measurement[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const fresh = new Set(measurements.map(({ case: name }) => name));
  const kept = (await readResults(bench)).filter(({ case: name }) => !fresh.has(name));
  const lines = [...kept, ...measurements].map((measurement) => JSON.stringify(measurement));
  await writeFile(join(folder, `${bench.name}.jsonl`), `${lines.join('\n')}\n`);
}

export async function drawResults(bench: Bench): Promise<void> {
  const measurements = (await readResults(bench)).filter(({ metric }) => bench.shown.includes(metric));
  await writeFile(join(folder, `${bench.name}.svg`), drawTable(bench.title, measurements));
}

async function readResults({ name }: Bench): Promise<readonly Measurement[]> {
  const text = await readFile(join(folder, `${name}.jsonl`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Measurement);
}
