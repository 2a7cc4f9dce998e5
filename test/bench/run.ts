// Benchmarks: `npm run bench -- NAME [options]`, each against a peer in the same run.
//
//   npm run bench                          lists the benches
//   npm run bench -- request               runs one; one JSON line a measurement on stdout, progress on stderr
//     --only TEXT      cases whose name contains TEXT (may be repeated)
//     --rounds N       rounds of each case (default: the bench's own)
//     --seconds S      length of one subject's turn in a round
//     --save           writes docs/benchmarks/NAME.jsonl and draws docs/benchmarks/NAME.svg from it
//     --draw           only draws the picture again, from the JSON lines that were saved
//
// A bench is a file beside this one, NAME.ts, that exports `bench: Bench` (support/bench.ts). It emits measurements:
//
//   {"bench":"request","case":"1,000 services, hot","subject":"compiled","metric":"requests per CPU second",
//    "unit":"/s","median":61234,"p25":…,"p75":…,"rounds":12,"ratio":{"to":"static","median":0.98,"p25":…,"p75":…}}
//
// Method, the same everywhere. Machines that run this are noisy, so no number stands alone: the subjects of a case
// are all set up first and then measured in rounds, each round taking every subject once in random order
// (support/rounds.ts). `median`, `p25` and `p75` are of the rounds; a ratio is made within each round, and its own
// median and quartiles are shown. CPU is what the kernel says that the worker itself was running
// (support/cpu.ts), so neighbours disturb it only through caches. Where there are two processors the worker has the
// first and load generator and upstreams have the second.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './support/bench.ts';
import type { Measurement } from './support/measurement.ts';
import { drawResults, saveResults } from './support/results.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    save: { type: 'boolean' },
    draw: { type: 'boolean' },
  },
});
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length));
const [name] = positionals;

if (name === undefined) await list();
else if (!names.includes(name)) fail(`there is no bench ${name}; there are ${names.join(', ')}`);
else if (values.draw === true) await drawResults(await load(name));
else await run(await load(name));

async function run(bench: Bench): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error(signal)));
  const measurements: Measurement[] = [];
  const wanted = values.only ?? [];
  try {
    await bench.run({
      signal: stop.signal,
      rounds: positive('rounds'),
      seconds: positive('seconds'),
      wants: (text) => wanted.length === 0 || wanted.some((part) => text.includes(part)),
      say: (line) => process.stderr.write(`${line}\n`),
      emit: (measurement) => {
        const whole = { bench: bench.name, ...measurement };
        measurements.push(whole);
        process.stdout.write(`${JSON.stringify(whole)}\n`);
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    fail('interrupted');
  }
  if (values.save === true && !stop.signal.aborted) {
    await saveResults(bench, measurements);
    await drawResults(bench);
  }
}

async function list(): Promise<void> {
  for (const each of names) process.stdout.write(`${each.padEnd(14)} ${(await load(each)).title}\n`);
}

async function load(file: string): Promise<Bench> {
  const { bench } = (await import(join(import.meta.dirname, `${file}.ts`))) as { bench: Bench };
  return bench;
}

function positive(option: 'rounds' | 'seconds'): number | null {
  const text = values[option];
  if (text === undefined) return null;
  const number = Number(text);
  if (!(number > 0)) fail(`--${option} takes a positive number`);
  return number;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
