// Diagnostics as people read them: most severe first within the one order, colour only where it can be seen.

import { compareDiagnostics, type Diagnostic, escapeControls, type Severity } from '../model/diagnostic.ts';

const COLOURS: Readonly<Record<Severity, number>> = { error: 31, warning: 33, info: 36 };

/**
 *     error    Ingress/default/shop  spec.rules[0].host
 *              what is wrong
 *              → what to do
 */
export function showDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: { readonly colour: boolean },
): string {
  const paint = (code: number, text: string) => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return [...diagnostics]
    .sort(compareDiagnostics)
    .map(({ severity, object, field, message, hint }) => {
      const head = [
        `${paint(COLOURS[severity], severity)}${' '.repeat(9 - severity.length)}${paint(1, escapeControls(object))}`,
      ];
      if (field !== '') head.push(escapeControls(field));
      const lines = [head.join('  '), indent(escapeControls(message))];
      if (hint !== '') lines.push(indent(`→ ${escapeControls(hint)}`));
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

/** `3 errors, 1 warning`, or `no errors`. */
export function summariseDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const counts = (['error', 'warning', 'info'] as const).map((severity) => {
    const number = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    const noun = { error: 'error', warning: 'warning', info: 'note' }[severity];
    return { number, text: `${number} ${noun}${number === 1 ? '' : 's'}` };
  });
  const present = counts.filter(({ number }) => number > 0).map(({ text }) => text);
  return hasErrors(diagnostics) ? present.join(', ') : ['no errors', ...present].join(', ');
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** NO_COLOR as https://no-color.org has it. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

function indent(text: string): string {
  return `${' '.repeat(9)}${text}`;
}
