// Diagnostics as people read them: most severe first within the one order, colour only where it can be seen.

import { compareDiagnostics, type Diagnostic, type Severity } from '../model/diagnostic.ts';

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
        `${paint(COLOURS[severity], severity)}${' '.repeat(9 - severity.length)}${paint(1, printable(object))}`,
      ];
      if (field !== '') head.push(printable(field));
      const lines = [head.join('  '), indent(printable(message))];
      if (hint !== '') lines.push(indent(`→ ${printable(hint)}`));
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

/** Names of objects and files are the user's: what would move a terminal's cursor, or the reading order, is escaped. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
