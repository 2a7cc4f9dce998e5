// What the controller itself costs, without a data plane: its whole pass from a Snapshot to the planned delta, and a
// cold start from files. The pass is the real loop with an nginx that takes everything at once.
//
// Peers: as many services tenfold for one change (its cost must not follow them), and for files the YAML library alone,
// which is what reading them costs without the fast reader.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { objectsText } from './controller/manifests.ts';
import { startPasses } from './controller/passes.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { measure } from './support/measurement.ts';
import { nameOfSize } from './support/services.ts';

const METRICS = {
  endpoint: 'one endpoint moves: Snapshot to planned delta',
  ingress: 'one host comes: Snapshot to planned delta',
  cold: 'cold: files to documents, ready to be pushed',
  change: 'one changed file: read to planned delta',
} as const;

export const bench: Bench = {
  name: 'controller',
  title: 'The controller by itself: one change among many services, and a cold start from files',
  shown: Object.values(METRICS),
  async run(context) {
    for (const services of [1_000, 10_000]) await changes(context, services);
    for (const perFile of [1_000, 1]) await files(context, 10_000, perFile);
  },
};

async function changes(context: BenchContext, services: number): Promise<void> {
  const name = nameOfSize(services);
  if (!context.wants(name)) return;
  context.say(name);
  const passes = await startPasses(services);
  const endpoint: number[] = [];
  const ingress: number[] = [];
  const rounds = context.rounds ?? 200;
  for (let round = 0; round < rounds + WARM_UP && !context.signal.aborted; round += 1) {
    const moved = await passes.moveEndpoint(round);
    const came = await passes.addHost(round);
    if (round < WARM_UP) continue;
    endpoint.push(moved);
    ingress.push(came);
  }
  await passes.end();
  const what = { case: name, subject: 'ours', unit: 'ms' };
  context.emit(measure({ ...what, metric: METRICS.endpoint, values: endpoint }));
  context.emit(measure({ ...what, metric: METRICS.ingress, values: ingress }));
}

const WARM_UP = 50;
const FROM_FILES = join(import.meta.dirname, 'controller/from-files.ts');
const run = promisify(execFile);

async function files(context: BenchContext, services: number, perFile: number): Promise<void> {
  const name = `${services.toLocaleString('en')} Ingresses, Services and slices, ${perFile} of each in a file`;
  if (!context.wants(name)) return;
  const folder = await mkdtemp(join(tmpdir(), 'bench-controller-'));
  try {
    const texts = Array.from({ length: services / perFile }, (_, file) =>
      objectsText(file * perFile, perFile),
    );
    for (const [file, text] of texts.entries()) await writeFile(join(folder, `${file}.yaml`), text);
    const [cold, change, library]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < (context.rounds ?? 5) && !context.signal.aborted; round += 1) {
      context.say(`${name}: round ${round + 1}`);
      const { stdout } = await run(process.execPath, [FROM_FILES, folder, String(perFile)]);
      const planned = JSON.parse(stdout) as { readonly cold: number; readonly change: number };
      cold.push(planned.cold);
      change.push(planned.change);
      const start = performance.now();
      for (const text of texts) parseAllDocuments(text).forEach((document) => void document.toJS());
      library.push(performance.now() - start);
    }
    const what = { case: name, unit: 'ms' };
    const peer = { subject: 'the YAML library alone', values: library };
    context.emit(measure({ ...what, subject: 'ours', metric: METRICS.cold, values: cold, peer }));
    context.emit(measure({ ...what, subject: peer.subject, metric: METRICS.cold, values: library }));
    context.emit(measure({ ...what, subject: 'ours', metric: METRICS.change, values: change }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
