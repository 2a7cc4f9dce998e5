// Errors of the world (disk, permissions) as one line; anything else is a bug of ours and goes on upwards.

/** @throws what it is given, when that is no system error. */
export function describeError(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.message.split('\n')[0] ?? error.code;
  }
  throw error;
}
