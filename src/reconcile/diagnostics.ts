// The proxy's refusals in the user's terms: which object or file, what it does to traffic, what to do.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { CompileOutcome, PublishOutcome } from '../model/outcome.ts';
import type { SourceLines } from '../model/rendered.ts';
import { TemplateFailure } from '../render/template-error.ts';

/** A state that we cannot work through: our bug, told instead of a crash that would come again at each start. */
export function internalDiagnostics(error: unknown): readonly Diagnostic[] {
  return [
    {
      code: 'internal',
      severity: 'error',
      object: 'Flag/--manifests',
      field: '',
      message: `this state could not be worked through, what was in force stays: ${firstLine(error)}`,
      hint: 'this is a bug of the controller; please report it with its log',
    },
  ];
}

export function renderDiagnostics(error: unknown): readonly Diagnostic[] {
  if (!(error instanceof TemplateFailure)) return internalDiagnostics(error);
  return error.errors.map(({ file, line, column, message }) => ({
    code: 'render-failed',
    severity: 'error',
    object: `File/${file}`,
    field: line === 0 ? '' : `${line}:${column}`,
    message: `the template cannot render this state, the last good files stay in force: ${message}`,
    hint: 'mend the template; it is read again as soon as it is saved',
  }));
}

/** The user's templates rendered, and nginx refused the result. */
export function templateRefusal(message: string): readonly Diagnostic[] {
  return [
    {
      code: 'template-refused',
      severity: 'error',
      object: 'Flag/--template-dir',
      field: '',
      message: `nginx -t refuses what these templates make, the last good ones stay in use: ${message}`,
      hint: 'mend the template that makes this line; it is read again as soon as it is saved',
    },
  ];
}

export function publishDiagnostics(outcome: PublishOutcome): readonly Diagnostic[] {
  if (outcome.outcome !== 'refused') return [];
  return [
    {
      code: `push-${outcome.code}`,
      severity: 'error',
      object: outcome.code === 'full' ? 'Flag/--documents-size' : 'Flag/--prefix',
      field: '',
      message: `the change was refused, what was in force before still is: ${outcome.message}`,
      hint: outcome.hint,
    },
  ];
}

export function compileDiagnostics(outcome: CompileOutcome): readonly Diagnostic[] {
  switch (outcome.outcome) {
    case 'proven':
    case 'written':
      return [];
    case 'invalid':
      return [invalid(outcome)];
    case 'not-live':
      return [
        {
          code: 'reload-failed',
          severity: 'error',
          object: 'Flag/--prefix',
          field: '',
          message: `nginx did not take the new files, the last good ones serve: ${outcome.message}`,
          hint: 'free the address or change the port; it is tried again by itself',
        },
      ];
    case 'failed':
      return [
        {
          code: 'compile-failed',
          severity: 'error',
          object: 'Flag/--prefix',
          field: '',
          message: `the files could not be put in place, the last good ones serve: ${outcome.message}`,
          hint: 'see that the disk has room and that the prefix may be written; it is tried again by itself',
        },
      ];
  }
}

/** The text of one host was refused; the others are compiled without it. */
export function hostRefusal({ host, objects }: SourceLines, message: string): Diagnostic {
  return {
    code: 'host-not-compiled',
    severity: 'warning',
    object: objects[0] ?? 'Flag/--prefix',
    field: '',
    message: `nginx refused the server of ${host}, which is served interpreted instead: ${message}`,
    hint: 'nothing is lost but speed; please report it, a rendered server must never be refused',
  };
}

/** With --supervise only: an operator's own start tells the operator. */
export function startDiagnostics(message: string): readonly Diagnostic[] {
  return [
    {
      code: 'nginx-start-failed',
      severity: 'error',
      object: 'Flag/--supervise',
      field: '',
      message: `nginx did not start: ${message}`,
      hint: 'mend what it says; it is tried again by itself',
    },
  ];
}

function invalid({ message, file, line, ours }: Extract<CompileOutcome, { outcome: 'invalid' }>): Diagnostic {
  return {
    code: 'nginx-test-failed',
    severity: 'error',
    object: file === null || ours ? 'Flag/--nginx' : `File/${file}`,
    field: line === null ? '' : String(line),
    message: `nginx -t refused the files, the last good ones serve: ${message}`,
    hint: ours
      ? 'the message names the directive'
      : 'mend or remove that line of your own file; it is tried again by itself',
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
