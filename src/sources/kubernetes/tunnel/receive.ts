// The first bytes that a proxy answers, exactly as many as belong to its answer: what follows is the server's.

import type { Socket } from 'node:net';

/** Of an error whose message is a sentence about the proxy already. */
export const PROXY_ERROR = 'ERR_PROXY';

export function proxyError(message: string): Error {
  return Object.assign(new Error(message), { code: PROXY_ERROR });
}

/** @param lengthOf bytes of the whole answer, as far as the bytes so far tell; null: not known yet. */
export function receive(socket: Socket, lengthOf: (held: Buffer) => number | null): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let held: Buffer = Buffer.alloc(0);
    const done = (): void => {
      socket.off('data', take).off('error', fail).off('close', closed);
      socket.pause();
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const closed = (): void => fail(proxyError('the proxy closed the connection'));
    const take = (part: Buffer): void => {
      held = Buffer.concat([held, part]);
      const length = lengthOf(held);
      if (length === null || held.length < length) {
        if (held.length > LONGEST) fail(proxyError('the answer of the proxy does not end'));
        return;
      }
      done();
      if (held.length > length) socket.unshift(held.subarray(length));
      resolve(held.subarray(0, length));
    };
    socket.on('data', take).once('error', fail).once('close', closed).resume();
  });
}

const LONGEST = 16_384;
