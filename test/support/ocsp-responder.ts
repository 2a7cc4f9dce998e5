// An OCSP responder whose answers OpenSSL makes, and whose manners a test decides. Needs the `openssl` command.
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Authority, Pair } from './certs.ts';

export type Signing = {
  /** Of whom the question is. Default: the responder's own authority. */
  readonly authority?: Authority;
  /** Who signs. Default: the authority itself. */
  readonly signer?: Pair;
  /** Until the next update. Default 60. */
  readonly minutes?: number;
  /** Name of the digest. Default `sha256`. */
  readonly digest?: string;
};

export type OcspResponder = {
  readonly url: string;
  /** Certificates that were asked about, in order, as far as they are known here. */
  readonly asked: () => number;
  readonly know: (pair: Pair, status?: 'good' | 'revoked') => void;
  /** What OpenSSL would answer to this question. */
  readonly sign: (question: Buffer, how?: Signing) => Promise<Buffer>;
  /** Instead of a good answer; null: good answers again. */
  readonly answerWith: (answer: Answer | null) => void;
  readonly close: () => Promise<void>;
};

export type Answer = (question: Buffer, response: ServerResponse) => Promise<void> | void;

const run = promisify(execFile);

export async function startOcspResponder(authority: Authority): Promise<OcspResponder> {
  const folder = await mkdtemp(join(tmpdir(), 'ocsp-'));
  const known = new Map<string, string>();
  let asked = 0;
  let runs = 0;
  let answer: Answer | null = null;

  const sign: OcspResponder['sign'] = async (question, how = {}) => {
    const { authority: about = authority, signer = about, minutes = 60, digest = 'sha256' } = how;
    runs += 1;
    const file = (name: string) => join(folder, `${runs}-${name}`);
    const files = {
      index: file('index'),
      question: file('question'),
      answer: file('answer'),
      authority: file('authority'),
      signer: file('signer'),
      key: file('key'),
    };
    await Promise.all([
      writeFile(files.index, `${[...known.values()].join('\n')}\n`),
      writeFile(files.question, question),
      writeFile(files.authority, `${about.cert}\n`),
      writeFile(files.signer, `${signer.cert}\n`),
      writeFile(files.key, signer.key),
    ]);
    await run('openssl', [
      'ocsp',
      '-index',
      files.index,
      '-CA',
      files.authority,
      '-rsigner',
      files.signer,
      '-rkey',
      files.key,
      '-rmd',
      digest,
      '-nmin',
      String(minutes),
      '-reqin',
      files.question,
      '-respout',
      files.answer,
    ]);
    return readFile(files.answer);
  };

  const server = createServer((request, response) => {
    asked += 1;
    void respond(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const question = Buffer.concat(chunks);
    if (answer !== null) await answer(question, response);
    else response.end(await sign(question));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/ocsp`,
    asked: () => asked,
    know({ cert }, status = 'good') {
      const { serialNumber } = new X509Certificate(cert);
      const revoked =
        status === 'revoked' ? ['R', '400101000000Z', '260101000000Z'] : ['V', '400101000000Z', ''];
      known.set(serialNumber, [...revoked, serialNumber, 'unknown', `/CN=${serialNumber}`].join('\t'));
    },
    sign,
    answerWith(next) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
