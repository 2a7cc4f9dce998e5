// Errors of the world (disk, permissions), told by their code: an `instanceof Error` would miss those that come
// from another realm, and every error without a code is a bug of ours.

/** @returns `ENOENT` and the like, or null when it is no system error. */
export function errorCode(error: unknown): string | null {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : null;
}

/** As one line. @throws what it is given, when that is no system error. */
export function describeError(error: unknown): string {
  const code = errorCode(error);
  if (code === null) throw error;
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? (message.split('\n')[0] ?? code) : code;
}
