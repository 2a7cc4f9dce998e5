// A body that is given up when nothing of it comes for too long: the connection is open, and nobody is there.

import type { Readable } from 'node:stream';

/** @throws an error with the code SILENCE when no part has come for so many milliseconds. */
export async function* listen(body: Readable, longest: number): AsyncGenerator<Buffer, void, undefined> {
  const timer = setTimeout(
    () => body.destroy(Object.assign(new Error('silence'), { code: SILENCE })),
    longest,
  );
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      timer.refresh();
      yield part;
    }
  } finally {
    clearTimeout(timer);
  }
}

export const SILENCE = 'ERR_SILENCE';
