// A small file that others replace while we run (tokens, certificates): read again when what we know is too old. The
// mounts of Kubernetes swap links, so the content is compared by reading it, not by times.

import { readFile } from 'node:fs/promises';

export interface FreshFile {
  /** The last content that could be read goes on counting while the file cannot be. Never throws. */
  read(): Promise<{ readonly text: string } | { readonly message: string }>;
  forget(): void;
}

/** @param maxAge milliseconds that a content counts without looking again. */
export function createFreshFile(path: string, maxAge: number): FreshFile {
  let known: { readonly text: string } | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    async read() {
      if (known !== null && performance.now() - readAt < maxAge) return known;
      const startedAt = performance.now();
      try {
        const text = await readFile(path, 'utf8');
        // An empty file is one that is being written.
        if (text.trim() !== '' || known === null) known = { text };
        readAt = startedAt;
        return known;
      } catch (error) {
        const code = (error as { code?: string }).code ?? 'unknown error';
        return known ?? { message: `${path} cannot be read (${code})` };
      }
    },
    forget() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** As client-go does for tokens. */
export const TOKEN_AGE = 60_000;
/** Certificates: a renewed one is used by the next connection. */
export const CERTIFICATE_AGE = 1_000;
