// `validate`: what is wrong with the manifests, on stdout, and how it went as the exit code.

import type { Flags } from '../options/flags.ts';
import { type CommandContext, EXIT } from './command.ts';
import { missingFolder, renderOnce } from './render-once.ts';
import { hasErrors, showDiagnostics, summariseDiagnostics, wantsColour } from './show-diagnostics.ts';

export async function validate(flags: Flags, { stdout, stderr, env }: CommandContext): Promise<number> {
  const missing = await missingFolder(flags.manifests);
  if (missing !== null) {
    stderr.write(missing);
    return EXIT.usage;
  }
  const { diagnostics } = await renderOnce(flags);
  if (flags.diagnostics === 'json') {
    stdout.write(`${JSON.stringify(diagnostics, null, 2)}\n`);
  } else {
    stdout.write(showDiagnostics(diagnostics, { colour: wantsColour(stdout, env) }));
    stdout.write(`${summariseDiagnostics(diagnostics)}\n`);
  }
  return hasErrors(diagnostics) ? EXIT.faulty : EXIT.ok;
}
