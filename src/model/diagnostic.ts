// What a user should know about an object of theirs: the value that every room returns instead of throwing.

export type Severity = 'error' | 'warning' | 'info';

export interface Diagnostic {
  /** Stable kebab-case word for scripts and metrics: `service-missing`, `host-invalid`. */
  readonly code: string;
  readonly severity: Severity;
  /** `Kind/namespace/name`, `File/<path as the user gave it>`, or `Flag/--name`. */
  readonly object: string;
  /** JSON path within the object, `spec.rules[0].host`; `line:column` in a file; `''` for the whole object. */
  readonly field: string;
  /** What is wrong and what that does to traffic. One line; user text in it is quoted and cut to size. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** Order by object, field, code, message: the one order in which diagnostics are ever shown. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.object, b.object) ||
    compareText(a.field, b.field) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** User text inside a message: JSON-quoted (control characters escaped), at most 80 characters. */
export function quoteText(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  // JSON leaves DEL, the C1 controls and the marks that turn the reading order as they are.
  return escapeControls(JSON.stringify(shown));
}

/** Names of objects and files are the user's: what would move a terminal's cursor, or the reading order, is escaped. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
