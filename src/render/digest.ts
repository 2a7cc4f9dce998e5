// The one digest of the project: the first 32 hex digits of SHA-256 over UTF-8.

import { createHash } from 'node:crypto';

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
