// Manifests → what they make, once and without an nginx: the part that `render` and `validate` share.

import { stat } from 'node:fs/promises';
import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import type { Rendered } from '../model/rendered.ts';
import type { Flags } from '../options/flags.ts';
import { chooseCompiled } from '../render/compilable.ts';
import { createRenderer } from '../render/render.ts';
import { TemplateFailure } from '../render/template-error.ts';
import { readFiles } from '../sources/files/read-files.ts';
import { createTranslator } from '../translate/translate.ts';
import { assumedRuntime } from './assumed-runtime.ts';
import { loadTemplates, templateDiagnostic } from './load-templates.ts';
import { translateOptions } from './translate-options.ts';

export interface RenderedOnce {
  /** null: the user's templates cannot render it; the diagnostics say why. */
  readonly rendered: Rendered | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything counts as quiet: each host that can be compiled is, up to --compile-max-hosts. */
export async function renderOnce(flags: Flags): Promise<RenderedOnce> {
  const [snapshot, loaded] = await Promise.all([
    readFiles(flags.manifests),
    loadTemplates(flags.templateDir),
  ]);
  const model = createTranslator(translateOptions(flags, true))(snapshot);
  if ('diagnostics' in loaded) return failed(model.diagnostics, loaded.diagnostics);
  const compile = chooseCompiled(model, flags.compile === 'never' ? 0 : flags.compileMaxHosts, new Set());
  try {
    const rendered = createRenderer(loaded.templates)(model, { runtime: assumedRuntime(flags), compile });
    return { rendered, diagnostics: model.diagnostics };
  } catch (error) {
    const folder = flags.templateDir;
    if (folder === null || !(error instanceof TemplateFailure)) throw error;
    return failed(
      model.diagnostics,
      error.errors.map((one) => templateDiagnostic(folder, one)),
    );
  }
}

/** The sentence for wrong usage when a folder that was named is not there; null when all are. */
export async function missingFolder(folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const found = await stat(folder).catch(() => null);
    if (found === null)
      return `error: --manifests ${JSON.stringify(folder)}: there is no such folder or file\n`;
  }
  return null;
}

function failed(ofModel: readonly Diagnostic[], ofTemplates: readonly Diagnostic[]): RenderedOnce {
  return { rendered: null, diagnostics: [...ofModel, ...ofTemplates].sort(compareDiagnostics) };
}
