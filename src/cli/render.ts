// `render`: the configuration that the manifests make, to stdout or into a folder; diagnostics to stderr.

import { basename } from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Rendered } from '../model/rendered.ts';
import { LAYOUT } from '../model/runtime.ts';
import type { Flags } from '../options/flags.ts';
import { renderDocumentsJson } from '../render/redact.ts';
import { type CommandContext, EXIT } from './command.ts';
import { missingFolder, renderOnce } from './render-once.ts';
import { hasErrors, showDiagnostics, summariseDiagnostics, wantsColour } from './show-diagnostics.ts';
import { writeFolder } from './write-folder.ts';

export async function render(flags: Flags, context: CommandContext): Promise<number> {
  const missing = await missingFolder(flags.manifests);
  if (missing !== null) {
    context.stderr.write(missing);
    return EXIT.usage;
  }
  const { rendered, diagnostics } = await renderOnce(flags);
  tell(diagnostics, flags, context);
  if (rendered === null) return EXIT.faulty;
  if (flags.output === null) {
    context.stdout.write(rendered.files.texts.get(LAYOUT.config) ?? '');
  } else {
    const problem = await writeFolder(flags.output, outputFiles(rendered, diagnostics));
    if (problem !== null) {
      context.stderr.write(`error: --output ${JSON.stringify(flags.output)}: ${problem}\n`);
      return EXIT.faulty;
    }
  }
  return hasErrors(diagnostics) ? EXIT.faulty : EXIT.ok;
}

/** File name → text, the same three that the golden cases have; private keys are left out of the documents. */
function outputFiles(rendered: Rendered, diagnostics: readonly Diagnostic[]): ReadonlyMap<string, string> {
  return new Map([
    ...[...rendered.files.texts].map(([path, text]) => [basename(path), text] as const),
    ['documents.json', renderDocumentsJson(rendered)],
    ['diagnostics.json', `${JSON.stringify(diagnostics, null, 2)}\n`],
  ]);
}

function tell(diagnostics: readonly Diagnostic[], flags: Flags, { stderr, env }: CommandContext): void {
  if (flags.diagnostics === 'json') {
    stderr.write(`${JSON.stringify(diagnostics, null, 2)}\n`);
  } else if (diagnostics.length > 0) {
    stderr.write(showDiagnostics(diagnostics, { colour: wantsColour(stderr, env) }));
    stderr.write(`${summariseDiagnostics(diagnostics)}\n`);
  }
}
