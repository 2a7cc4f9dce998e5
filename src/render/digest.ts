// The one digest of the project: the first 32 hex digits of SHA-256 over UTF-8.

import { hash } from 'node:crypto';

export function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
