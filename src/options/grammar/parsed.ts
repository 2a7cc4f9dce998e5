// The result of every parser of user text: a typed value, or one sentence that says what was expected. A parser
// matches the whole text or nothing; what it lets through may be trusted to have the shape that its type says.

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false /** What was expected, as the end of "…: ". */; readonly error: string };

export type Parse<T> = (text: string) => Parsed<T>;

/** The type that a parser gives. */
export type ValueOf<P> = P extends Parse<infer T> ? T : never;

export function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function bad(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
