// One HTTP exchange over a unix socket, on a connection of its own. By hand, because a change waits for it: a general
// client takes five times the processor's time (0.45 ms and 0.07 ms), most of it for what a connection that is used once
// never needs. HTTP/1.0, so that an answer has a length or ends with the connection.

import { connect, type Socket } from 'node:net';

export interface Exchange {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: { readonly type: string; readonly text: string } | null;
  /** Milliseconds until the connection is there. */
  readonly connectWithin: number;
  /** Bytes of the longest answer that is taken. */
  readonly most: number;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

export interface Exchanged {
  readonly code: number;
  readonly body: string;
}

/** Rejects when there is no whole answer, for whatever reason. */
export async function exchangeOnce(exchange: Exchange): Promise<Exchanged> {
  const { signal, connectWithin, socketPath } = exchange;
  signal.throwIfAborted();
  const socket = connect(socketPath);
  const end = (): void => void socket.destroy(new Error('broken off'));
  const late = setTimeout(() => socket.destroy(new Error('it takes no connection')), connectWithin);
  socket.once('connect', () => clearTimeout(late));
  signal.addEventListener('abort', end, { once: true });
  try {
    const answer = answerOf(socket, exchange.most);
    socket.write(headOf(exchange) + (exchange.body?.text ?? ''));
    return await answer;
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', end);
    // Errors that come later (it was refused while still being sent) have nobody to tell.
    socket.on('error', () => undefined).destroy();
  }
}

function headOf({ method, path, body }: Exchange): string {
  const lines = [`${method} ${path} HTTP/1.0`, 'Host: localhost'];
  if (body !== null)
    lines.push(`Content-Type: ${body.type}`, `Content-Length: ${Buffer.byteLength(body.text)}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function answerOf(socket: Socket, most: number): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    let needed: number | null = null;
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      size += part.length;
      needed ??= lengthOf(Buffer.concat(parts));
      if (needed !== null && size >= needed) resolve(parsed(Buffer.concat(parts, needed)));
      else if (size > most) reject(new Error('its answer does not end'));
    });
    socket.on('error', reject);
    socket.on('end', () => {
      if (needed === Number.POSITIVE_INFINITY) resolve(parsed(Buffer.concat(parts)));
    });
    socket.on('close', () => reject(new Error('its answer was cut off')));
  });
}

/** Bytes of the whole answer, head included; null while the head is not there. */
function lengthOf(bytes: Buffer): number | null {
  const head = bytes.indexOf(END_OF_HEAD);
  if (head < 0) return null;
  const length = /^content-length:[ \t]*(\d+)/im.exec(bytes.toString('latin1', 0, head))?.[1];
  return length === undefined ? Number.POSITIVE_INFINITY : head + END_OF_HEAD.length + Number(length);
}

function parsed(bytes: Buffer): Exchanged {
  const head = bytes.indexOf(END_OF_HEAD);
  const code = /^HTTP\/1\.[01] (\d{3})/.exec(bytes.toString('latin1', 0, head))?.[1];
  return { code: Number(code ?? 0), body: bytes.toString('utf8', head + END_OF_HEAD.length) };
}

const END_OF_HEAD = '\r\n\r\n';
