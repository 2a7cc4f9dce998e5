// The certificate that clients see who name no host of ours: made by ourselves once, as nginx must have one for each
// TLS listener. Kept over restarts, so that clients which pinned it in a test go on working.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { LAYOUT } from '../../model/runtime.ts';
import { errorCode } from '../files/world-error.ts';
import { writeDurably } from '../state/durable.ts';

export type DefaultCertificate =
  | { readonly outcome: 'kept' | 'made' }
  /** What was there could not be used. */
  | { readonly outcome: 'remade'; readonly note: string };

/** The folder is there already (`ensureFolders`). Throws only system errors. @param now milliseconds since 1970. */
export async function ensureDefaultCertificate(prefix: string, now: number): Promise<DefaultCertificate> {
  const paths = { chain: join(prefix, LAYOUT.defaultCertificate), key: join(prefix, LAYOUT.defaultKey) };
  const [chain, key] = await Promise.all([readOrNull(paths.chain), readOrNull(paths.key)]);
  const fault = chain === null || key === null ? null : findFault(chain, key, now);
  if (chain !== null && key !== null && fault === null) return { outcome: 'kept' };

  const { makeCertificate } = await loadMaker();
  const made = await makeCertificate(now);
  // The key first: a crash between the two leaves a pair that does not match, which is seen at the next start.
  await writeDurably(paths.key, made.key, 0o600);
  await writeDurably(paths.chain, made.chain, 0o600);
  if (chain === null && key === null) return { outcome: 'made' };
  return {
    outcome: 'remade',
    note: `the default certificate was made anew: ${fault ?? 'one of its files was missing'}`,
  };
}

/** Begins to load what making one takes, which is a lot, if one has to be made; for while something else is waited for. */
export function prepareDefaultCertificate(prefix: string): void {
  if (!existsSync(join(prefix, LAYOUT.defaultCertificate))) void loadMaker().catch(() => undefined);
}

const loadMaker = () => import('./make-certificate.ts');

function findFault(chain: string, key: string, now: number): string | null {
  try {
    const certificate = new X509Certificate(chain);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return 'its key did not match';
    return Date.parse(certificate.validTo) < now ? 'it had expired' : null;
  } catch {
    return 'its files were garbled';
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
