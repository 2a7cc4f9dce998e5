// Manifests in, everything that is made of them out, compared byte by byte. A case is a folder
// <family>/<case>/ with in.yaml, whose first comment says why it is there, and the expected nginx.conf (but for
// repeats of the shared upstream blocks), documents.json and diagnostics.json. With step-2/in.yaml the plan for that change is compared too.
//
// `# options: {…}` in in.yaml sets what flags would. UPDATE_GOLDEN=1 writes what comes out; look at the diff.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { Applied } from '../../src/model/plan.ts';
import type { Rendered } from '../../src/model/rendered.ts';
import type { Runtime } from '../../src/model/runtime.ts';
import { afterPush, compileProven, compileStarted, plan } from '../../src/plan/plan.ts';
import { chooseCompiled } from '../../src/render/compilable.ts';
import { renderDocumentsJson } from '../../src/render/redact.ts';
import { createRenderer } from '../../src/render/render.ts';
import { compileTemplates, type Templates } from '../../src/render/templates.ts';
import { readFiles } from '../../src/sources/files/read-files.ts';
import { DEFAULT_TRANSLATE_OPTIONS, type TranslateOptions } from '../../src/translate/options.ts';
import { createTranslator } from '../../src/translate/translate.ts';

const root = resolve(import.meta.dirname, '../..');
const golden = import.meta.dirname;
const updating = process.env.UPDATE_GOLDEN === '1';
const templates = builtinTemplates();

const RUNTIME: Runtime = {
  modules: [],
  luaPath: [],
  luaCpath: [],
  http2Directive: false,
  luaFolder: '/srv/ingress-openresty/lua',
  luaDigest: '0'.repeat(32),
  prefix: '/srv/ingress',
  documentsSize: 67_108_864,
  includeMain: [],
  includeHttp: [],
};

const cases = foldersOf(golden).flatMap((family) =>
  foldersOf(join(golden, family)).map((name) => `${family}/${name}`),
);

test('there are cases, and CI never rewrites them', () => {
  expect(cases.length).toBeGreaterThan(0);
  expect(updating && process.env.CI === 'true').toBe(false);
});

test.each(cases)('%s', async (name) => {
  const folder = join(golden, name);
  const steps = existsSync(join(folder, 'step-2'));
  const allowed = [
    'in.yaml',
    'nginx.conf',
    'documents.json',
    'diagnostics.json',
    ...(steps ? ['step-2'] : []),
  ];
  expect(readdirSync(folder).filter((file) => !allowed.includes(file))).toEqual([]);
  const first = await make(folder, optionsOf(folder), null);
  compare(folder, 'nginx.conf', withoutRepeats(first.rendered.files.texts.get('conf/nginx.conf') ?? ''));
  compare(folder, 'documents.json', renderDocumentsJson(first.rendered));
  compare(folder, 'diagnostics.json', json(first.diagnostics));
  if (steps) await compareStep(folder, first.rendered);
});

/** What a running controller would do when the manifests of step 1 become those of step 2. */
async function compareStep(folder: string, before: Rendered): Promise<void> {
  const step = join(folder, 'step-2');
  expect(readdirSync(step).filter((file) => !['in.yaml', 'plan.json'].includes(file))).toEqual([]);
  const applied = inForce(before);
  // Hosts that are new have not been quiet yet: they are interpreted.
  const { rendered } = await make(step, optionsOf(folder), new Set(before.files.compiled.keys()));
  const decision = plan(applied, rendered);
  const when = decision.kind === 'push+compile' ? { when: decision.compile.when } : {};
  compare(step, 'plan.json', json({ kind: decision.kind, ...when, reasons: decision.reasons }));
}

async function make(
  folder: string,
  options: TranslateOptions,
  compile: ReadonlySet<string> | null,
): Promise<{ readonly rendered: Rendered; readonly diagnostics: readonly Diagnostic[] }> {
  const snapshot = await readFiles([relative(root, join(folder, 'in.yaml'))]);
  const model = createTranslator(options)(snapshot);
  const render = createRenderer(templates);
  const hosts = compile ?? chooseCompiled(model, 1000, new Set());
  return { rendered: render(model, { runtime: RUNTIME, compile: hosts }), diagnostics: model.diagnostics };
}

function inForce(rendered: Rendered): Applied {
  const nothing: Applied = { documents: new Map(), files: null, compiling: null };
  const first = plan(nothing, rendered);
  if (first.kind !== 'push+compile') throw new Error(`the first plan is ${first.kind}`);
  return compileProven(compileStarted(afterPush(nothing, first.change), rendered.files));
}

/** Of the shared upstream blocks, which are alike, the first. */
function withoutRepeats(text: string): string {
  return text.replace(
    /^( *upstream 00_shard .*\n)((?: *upstream [\da-f]{2}_shard.*\n)*)/m,
    (_, first: string, others: string) => `${first}    # … ${others.match(/\n/g)?.length ?? 0} more\n`,
  );
}

function compare(folder: string, file: string, actual: string): void {
  // A key must not get into a golden in any way.
  expect(actual).not.toContain('PRIVATE KEY');
  const path = join(folder, file);
  if (updating && process.env.CI !== 'true') writeFileSync(path, actual);
  expect({ file: relative(golden, path), text: actual }).toEqual({
    file: relative(golden, path),
    text: existsSync(path) ? readFileSync(path, 'utf8') : 'missing: run with UPDATE_GOLDEN=1',
  });
}

function optionsOf(folder: string): TranslateOptions {
  const text = readFileSync(join(folder, 'in.yaml'), 'utf8');
  expect(text).toMatch(/^# \S.{20,}/);
  const options = /^# options: (\{.*\})$/m.exec(text)?.[1];
  return { ...DEFAULT_TRANSLATE_OPTIONS, ...(options === undefined ? {} : (JSON.parse(options) as object)) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function foldersOf(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function builtinTemplates(): Templates {
  const folder = join(root, 'templates');
  const texts = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const result = compileTemplates(texts);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.templates;
}
