// One question to a responder over HTTP: bounded in time and size, no redirects, no proxy, no connection kept.

import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';

export interface Question {
  readonly url: URL;
  /** Connected to, whatever the name of the URL means by then. */
  readonly address: string;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export type RawAnswer =
  | { readonly ok: true; readonly bytes: Buffer }
  /** The message is a sentence's end: "the responder …". */
  | { readonly ok: false; readonly message: string };

const DEADLINE = 10_000;
const LARGEST = 64 * 1024;

export function askResponder({ url, address, body, signal }: Question): Promise<RawAnswer> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]);
  const tls = url.protocol === 'https:';
  return new Promise((resolve) => {
    const fail = (message: string) => resolve({ ok: false, message });
    const sent = (tls ? requestTls : requestPlain)({
      host: address,
      ...(isIP(url.hostname) > 0 || url.hostname.startsWith('[') ? {} : { servername: url.hostname }),
      port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      agent: false,
      maxHeaderSize: 8_192,
      signal: ending,
      headers: {
        host: url.host,
        'content-type': 'application/ocsp-request',
        accept: 'application/ocsp-response',
        'content-length': body.length,
      },
    });
    sent.on('error', (error: NodeJS.ErrnoException) =>
      fail(ending.aborted ? 'did not answer in time' : `cannot be reached (${error.code ?? error.message})`),
    );
    // One that changes the protocol (101) is cut off by Node without a word.
    let answered = false;
    sent.on('close', () => answered || fail('broke off'));
    sent.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let size = 0;
      if (response.statusCode !== 200) {
        fail(`answered with status ${response.statusCode ?? 0}`);
        sent.destroy();
        return;
      }
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= LARGEST) return;
        fail('answered with too much');
        sent.destroy();
      });
      response.on('error', () => fail(ending.aborted ? 'did not answer in time' : 'broke off'));
      response.on('end', () => resolve({ ok: true, bytes: Buffer.concat(chunks) }));
      response.on('close', () => fail('broke off'));
    });
    sent.end(body);
  });
}
