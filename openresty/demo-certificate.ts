// A throwaway certificate for the TLS example, as the manifest of a Secret. Run again, it rotates it:
//   node openresty/demo-certificate.ts FILE [HOST]
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

export type DemoCertificate = {
  /** The name by which clients can tell one from the next: it is the subject's organisation. */
  readonly name: string;
  readonly chain: string;
  readonly key: string;
};

/** Self-signed, valid for 30 days. */
export async function makeDemoCertificate(host: string): Promise<DemoCertificate> {
  const name = `demo ${randomBytes(2).toString('hex')}`;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `4${randomBytes(15).toString('hex').slice(1)}`,
    name: [{ CN: [host] }, { O: [name] }],
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + 30 * 86_400_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    name,
    chain: `${certificate.toString('pem')}\n`,
    key: String(key.export({ format: 'pem', type: 'pkcs8' })),
  };
}

/** Replaces the file at once, as an editor or kubectl would; only its owner may read it. */
export async function writeDemoSecret(file: string, host: string): Promise<DemoCertificate> {
  const certificate = await makeDemoCertificate(host);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const manifest = [
    'apiVersion: v1',
    'kind: Secret',
    'type: kubernetes.io/tls',
    'metadata:',
    '  name: secure-tls',
    '  namespace: default',
    'data:',
    `  tls.crt: ${base64(certificate.chain)}`,
    `  tls.key: ${base64(certificate.key)}`,
    '',
  ].join('\n');
  const temporary = `${file}.new`;
  await writeFile(temporary, manifest, { mode: 0o600 });
  await rename(temporary, file);
  return certificate;
}

if (import.meta.main) {
  const [file, host = 'secure.localhost'] = process.argv.slice(2);
  if (file === undefined) {
    process.stderr.write('usage: node openresty/demo-certificate.ts FILE [HOST]\n');
    process.exitCode = 2;
  } else {
    const { name } = await writeDemoSecret(resolve(file), host);
    process.stdout.write(`${file}: a new certificate for ${host}, O=${name}\n`);
  }
}
