// A process of its own, so that it has never seen the folder nor run any of this code: from files to documents that are
// ready to be pushed, and once more after one file has changed. Prints {"cold":ms,"change":ms}; what Node takes to
// start and to load the code is not in it.
//
//   node from-files.ts FOLDER OBJECTS_PER_FILE
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTemplates } from '../../../src/cli/load-templates.ts';
import type { Applied, Plan } from '../../../src/model/plan.ts';
import { afterPush } from '../../../src/plan/plan.ts';
import { createPlanner } from '../../../src/plan/planner.ts';
import { chooseCompiled } from '../../../src/render/compilable.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { acceptManifest } from '../../../src/sources/files/accept-manifest.ts';
import { createReader } from '../../../src/sources/files/create-reader.ts';
import { createScanner } from '../../../src/sources/watch/scan-folders.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { objectsText } from './manifests.ts';
import { runtime } from './runtime.ts';

const [folder = '', perFile = ''] = process.argv.slice(2);
const loaded = await loadTemplates(null);
if (!('templates' in loaded)) throw new Error('the built-in templates are broken');
const scan = createScanner({ folders: [folder], accepts: acceptManifest, patient: false });
const read = createReader();
const translate = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
const render = createRenderer(loaded.templates);
const plan = createPlanner();
let applied: Applied = { documents: new Map(), files: null, compiling: null };
let compile: Set<string> | null = null;

const start = performance.now();
const first = await pass();
const cold = performance.now() - start;
if (first.kind !== 'push+compile') throw new Error(first.kind);
applied = { ...afterPush(applied, first.change), files: first.compile.files };
await writeFile(join(folder, '0.yaml'), objectsText(0, Number(perFile), Date.now()));
const changed = performance.now();
const second = await pass();
if (second.kind !== 'push') throw new Error(`${second.kind}: ${second.reasons.join()}`);
process.stdout.write(JSON.stringify({ cold, change: performance.now() - changed }));

async function pass(): Promise<Plan> {
  const model = translate(await read(await scan()));
  compile ??= chooseCompiled(model, 1_000, new Set());
  return plan(applied, render(model, { runtime, compile }));
}
