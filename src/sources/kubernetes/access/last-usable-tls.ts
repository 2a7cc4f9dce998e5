// Certificates and keys that can be used: a mistake is said at the start, and a pair of which only one half is renewed
// yet does not replace the one before.

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TlsMaterial, Trouble } from './grant.ts';

export interface LastUsable {
  /** What is given, or the last that could be used. */
  choose(given: TlsMaterial): TlsMaterial | Trouble;
  /** Why what was given last is not what was chosen; null: it is. */
  outdated(): string | null;
}

/** @param file the kubeconfig, for people. */
export function createLastUsable(file: string): LastUsable {
  let seen = '';
  let problem: string | null = null;
  let usable: TlsMaterial | null = null;
  return {
    choose(given) {
      const key = JSON.stringify(given);
      if (key !== seen) problem = said(tlsProblem(given));
      seen = key;
      if (problem === null) usable = given;
      return (
        usable ?? {
          message: problem ?? '',
          hint: 'give PEM, the whole chain, and the key that belongs to it',
        }
      );
    },
    outdated: () => problem,
  };

  function said(what: string | null): string | null {
    return what === null ? null : `${file}: ${what}`;
  }
}

/** null: they can be used; else what is wrong, beginning with the field of a kubeconfig. */
function tlsProblem({ ca, cert, key }: TlsMaterial): string | null {
  if (ca !== undefined && !holdsCertificate(ca))
    return 'certificate-authority holds no certificate that can be read';
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined) return 'client-key comes without client-certificate';
  if (key === undefined) return 'client-certificate comes without client-key';
  if (!holdsCertificate(cert)) return 'client-certificate holds no certificate that can be read';
  if (!isUsable({ key })) return 'client-key holds no private key that can be read';
  return isUsable({ cert, key }) ? null : 'client-certificate and client-key are not of one pair';
}

/** What is no certificate is passed over in silence where a context is made of it. */
function holdsCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== null;
  } catch {
    return false;
  }
}

function isUsable(material: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    createSecureContext(material);
    return true;
  } catch {
    return false;
  }
}
