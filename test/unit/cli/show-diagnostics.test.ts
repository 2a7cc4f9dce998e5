// Diagnostics for people: order, colour, and nothing that a hostile name could do to a terminal.
import { describe, expect, test } from '@jest/globals';
import { showDiagnostics, summariseDiagnostics, wantsColour } from '../../../src/cli/show-diagnostics.ts';
import type { Diagnostic } from '../../../src/model/diagnostic.ts';

const error: Diagnostic = {
  code: 'host-invalid',
  severity: 'error',
  object: 'Ingress/default/shop',
  field: 'spec.rules[0].host',
  message: 'the host is not one',
  hint: 'Correct it.',
};
const note: Diagnostic = { ...error, severity: 'info', object: 'Ingress/default/a', field: '', hint: '' };

describe('showDiagnostics', () => {
  test('names object and field, then message and hint; in the one order', () => {
    expect(showDiagnostics([error, note], { colour: false })).toBe(
      [
        'info     Ingress/default/a',
        '         the host is not one',
        'error    Ingress/default/shop  spec.rules[0].host',
        '         the host is not one',
        '         → Correct it.',
        '',
      ].join('\n'),
    );
  });

  test('colours only when asked to', () => {
    expect(showDiagnostics([error], { colour: true })).toContain('\u001b[31merror\u001b[0m');
    expect(showDiagnostics([error], { colour: false })).not.toContain('\u001b');
  });

  test('escapes what would move the cursor or turn the line around', () => {
    const shown = showDiagnostics([{ ...error, object: 'File/a\u001b[2J\n\u202eb' }], { colour: false });
    expect(shown).toContain('File/a\\u001b[2J\\u000a\\u202eb');
  });
});

describe('summariseDiagnostics', () => {
  test.each<[readonly Diagnostic[], string]>([
    [[], 'no errors'],
    [[note], 'no errors, 1 note'],
    [[error], '1 error'],
    [[error, error, note], '2 errors, 1 note'],
    [[error, { ...error, severity: 'warning' }], '1 error, 1 warning'],
  ])('%#', (diagnostics, text) => {
    expect(summariseDiagnostics(diagnostics)).toBe(text);
  });
});

describe('wantsColour', () => {
  test('on a terminal, unless NO_COLOR is set', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
