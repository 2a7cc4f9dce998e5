// Templates once, for commands that print and exit: the program's own, with those of --template-dir in their place.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { TemplateError } from '../render/template-error.ts';
import { compileTemplates, type Templates } from '../render/templates.ts';
import { readTemplates } from '../sources/templates/read-templates.ts';
import { PACKAGE } from './package.ts';

export type LoadedTemplates =
  | { readonly templates: Templates }
  | { readonly diagnostics: readonly Diagnostic[] };

/** Throws when the program's own templates are broken: that is our bug. */
export async function loadTemplates(folder: string | null): Promise<LoadedTemplates> {
  const builtIn = await readTemplates(PACKAGE.templates);
  if (folder === null) {
    const compiled = compileTemplates(builtIn);
    if ('templates' in compiled) return compiled;
    throw new Error(`built-in templates are broken: ${JSON.stringify(compiled.errors)}`);
  }
  let overrides: ReadonlyMap<string, string>;
  try {
    overrides = await readTemplates(folder);
  } catch (error) {
    return { diagnostics: [unreadable(error instanceof Error ? error.message : String(error))] };
  }
  const compiled = compileTemplates(new Map([...builtIn, ...overrides]), new Set(overrides.keys()));
  return 'templates' in compiled
    ? compiled
    : { diagnostics: compiled.errors.map((error) => templateDiagnostic(folder, error)) };
}

export function templateDiagnostic(
  folder: string,
  { file, line, column, message }: TemplateError,
): Diagnostic {
  return {
    code: 'template-invalid',
    severity: 'error',
    object: `File/${folder.replace(/\/+$/, '')}/${file}`,
    field: line === 0 ? '' : `${line}:${column}`,
    message: `the template cannot be used: ${message}`,
    hint: 'Mend it, or remove it to have the built-in one.',
  };
}

function unreadable(reason: string): Diagnostic {
  return {
    code: 'template-unreadable',
    severity: 'error',
    object: 'Flag/--template-dir',
    field: '',
    message: reason,
    hint: 'Name a readable folder, or leave the flag out to have the built-in templates.',
  };
}
