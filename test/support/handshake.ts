// One TLS handshake with a client that is as able as a test wants it: what it is shown, and with which OCSP response.
import { connect, type DetailedPeerCertificate, type SecureVersion } from 'node:tls';

export type Client = {
  readonly port: number;
  /** Empty or absent: no SNI. */
  readonly servername?: string;
  /** Signature schemes as OpenSSL names them: `rsa_pss_rsae_sha256`, `ECDSA+SHA256`. */
  readonly sigalgs?: string;
  readonly ciphers?: string;
  readonly version?: SecureVersion;
};

export type Shown = {
  readonly name: string;
  readonly keyType: 'ec' | 'rsa';
  readonly fingerprint: string;
  /** Of the chain as it was sent. */
  readonly length: number;
  /** The OCSP response; null when none was sent. */
  readonly staple: Buffer | null;
};

export function handshake({ port, servername = '', version, ...abilities }: Client): Promise<Shown> {
  return new Promise((done, fail) => {
    const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
    let staple: Buffer | null = null;
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername,
      rejectUnauthorized: false,
      requestOCSP: true,
      ...versions,
      ...abilities,
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error('no handshake within 10 s')));
    socket.on('error', fail).on('OCSPResponse', (response: Buffer | null) => {
      staple = response !== null && response.length > 0 ? response : null;
    });
    // The staple is told before.
    socket.on('secureConnect', () => {
      const leaf = socket.getPeerCertificate(true);
      done({
        name: String(leaf.subject.CN),
        keyType: 'modulus' in leaf && leaf.modulus !== undefined ? 'rsa' : 'ec',
        fingerprint: leaf.fingerprint256,
        length: lengthOf(leaf),
        staple,
      });
      socket.destroy();
    });
  });
}

function lengthOf(leaf: DetailedPeerCertificate): number {
  const seen = new Set<string>();
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.fingerprint256 !== undefined; ) {
    if (seen.has(at.fingerprint256)) break;
    seen.add(at.fingerprint256);
    at = at.issuerCertificate;
  }
  return seen.size;
}
