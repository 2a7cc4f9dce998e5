// What is wrong with a template, with its place: a mistake of whoever overrides templates, so the caller keeps the
// last good ones and says it. Of built-in templates it would be our bug.

export interface TemplateError {
  /** Name of the template: its path below the template folder. */
  readonly file: string;
  /** 1-based; 0 when the whole file is meant. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Thrown while rendering; the only way out of the middle of a template. */
export class TemplateFailure extends Error {
  override readonly name = 'TemplateFailure';
  readonly errors: readonly TemplateError[];

  constructor(errors: readonly TemplateError[]) {
    super(errors.map(describeTemplateError).join('; '));
    this.errors = errors;
  }
}

export function describeTemplateError(error: TemplateError): string {
  return `${error.file}:${error.line}:${error.column}: ${error.message}`;
}
