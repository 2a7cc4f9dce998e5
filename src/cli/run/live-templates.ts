// The renderer, live: templates are compiled when they change, and broken ones leave the last good in use.

import type { Logger } from 'pino';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Render } from '../../reconcile/template-trial.ts';
import { createRenderer } from '../../render/render.ts';
import { compileTemplates, type Templates } from '../../render/templates.ts';
import { readTemplates } from '../../sources/templates/read-templates.ts';
import { watchTemplates } from '../../sources/templates/watch-templates.ts';
import { type loadTemplates, templateDiagnostic } from '../load-templates.ts';
import { PACKAGE } from '../package.ts';

export interface LiveTemplatesParts {
  /** The built-in ones, of `loadTemplates(null)`. */
  readonly builtIn: ReturnType<typeof loadTemplates>;
  /** `--template-dir`, or null: then there is nothing to watch. */
  readonly folder: string | null;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onRender: (render: Render) => void;
  /** What is wrong with the override templates now. */
  readonly onDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
}

export interface Renders {
  readonly render: Render;
  readonly builtIn: Render;
}

/** Resolves with the first renderers; the user's templates may be broken, then both are that of the built-in ones. */
export async function liveTemplates(parts: LiveTemplatesParts): Promise<Renders> {
  const loaded = await parts.builtIn;
  if (!('templates' in loaded)) throw new Error('the built-in templates are broken');
  const builtIn = renderWith(loaded.templates, parts.runtime);
  const { folder } = parts;
  if (folder === null) return { render: builtIn, builtIn };
  let first = builtIn;
  const ours = await readTemplates(PACKAGE.templates);
  let started = false;
  await watchTemplates({
    folders: [folder],
    signal: parts.signal,
    log: parts.log,
    onChange(texts, unreadable) {
      const compiled = compileTemplates(new Map([...ours, ...texts]), new Set(texts.keys()));
      if (!('templates' in compiled)) {
        parts.onDiagnostics([
          ...unreadable,
          ...compiled.errors.map((error) => templateDiagnostic(folder, error)),
        ]);
        return;
      }
      parts.onDiagnostics(unreadable);
      const render = renderWith(compiled.templates, parts.runtime);
      if (started) parts.onRender(render);
      else first = render;
    },
  });
  started = true;
  return { render: first, builtIn };
}

function renderWith(templates: Templates, runtime: Runtime): Render {
  const render = createRenderer(templates);
  return (model, compile) => render(model, { runtime, compile });
}
