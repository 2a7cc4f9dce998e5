// What a typed helper throws when it is given a value that its type does not have. The place in the template is
// added where the helper is called.

export class TemplateValueError extends Error {
  override readonly name = 'TemplateValueError';
}

/** The value as it may stand in a message: short, and quoted when it is text. */
export function refuse(expected: string, value: unknown): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : describe(value);
  throw new TemplateValueError(`expected ${expected}, got ${shown}`);
}

function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing (no such field)';
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
}
