// Changing one field of an object, whatever its type says.

export type Loose = { [key: string]: Loose } & Loose[];

export const RULE = 'spec.rules[0]';
export const PATH = `${RULE}.http.paths[0]`;

/** @param path as in `spec.rules.0.host`. */
export function put(object: Loose, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = object as unknown as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = value;
}
