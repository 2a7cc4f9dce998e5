// The body of an answer: as text, as lines, or not at all. Lines are cut from bytes, so a character that came in two
// pieces is whole again before it is decoded.

import type { Dispatcher } from 'undici';
import { describeFailure } from './describe-failure.ts';
import type { ClusterAnswer, LinesEnd } from './messages.ts';
import { listen, SILENCE } from './silence.ts';

/** @param longestSilence milliseconds within the body. */
export function createAnswer(
  response: Dispatcher.ResponseData,
  signal: AbortSignal,
  longestSilence: number,
  onSilence: () => void,
): ClusterAnswer {
  const { body } = response;
  // A body that is given up while it still comes ends with an error that nobody is there to hear.
  body.on('error', (error) => {
    if (isIdle(error)) onSilence();
  });
  return {
    outcome: 'answer',
    status: response.statusCode,
    headers: response.headers,
    async text() {
      try {
        const parts: Buffer[] = [];
        let size = 0;
        for await (const part of listen(body, longestSilence)) {
          size += part.length;
          if (size > LONGEST_TEXT) return { outcome: 'unreachable', message: 'the answer does not end' };
          parts.push(part);
        }
        return { outcome: 'text', text: Buffer.concat(parts).toString('utf8') };
      } catch (error) {
        return { outcome: 'unreachable', message: describeFailure(error, signal) };
      }
    },
    lines: (longest = LONGEST_LINE) => readLines(listen(body, longestSilence), longest, signal),
    async discard() {
      try {
        await body.dump({ limit: 65_536, signal: AbortSignal.timeout(longestSilence) });
      } catch {
        // It broke off by itself, which frees the connection as well.
      }
    },
  };
}

const LONGEST_TEXT = 256 * 1024 * 1024;
/** An object is at most 1.5 MB in etcd; a stream without line feeds must not fill the memory. */
const LONGEST_LINE = 8 * 1024 * 1024;
const LINE_FEED = 0x0a;

async function* readLines(
  body: AsyncIterable<Buffer>,
  longest: number,
  signal: AbortSignal,
): AsyncGenerator<string, LinesEnd, undefined> {
  let held: Buffer[] = [];
  let heldSize = 0;
  try {
    for await (const part of body) {
      let start = 0;
      for (let end = part.indexOf(LINE_FEED); end !== -1; end = part.indexOf(LINE_FEED, start)) {
        const piece = part.subarray(start, end);
        if (heldSize + piece.length > longest) return tooLong(longest);
        yield held.length === 0 ? piece.toString('utf8') : Buffer.concat([...held, piece]).toString('utf8');
        held = [];
        heldSize = 0;
        start = end + 1;
      }
      if (start === part.length) continue;
      heldSize += part.length - start;
      if (heldSize > longest) return tooLong(longest);
      held.push(part.subarray(start));
    }
    return { reason: 'ended', message: 'the API server ended the answer', partial: heldSize > 0 };
  } catch (error) {
    const reason = signal.aborted ? 'aborted' : isIdle(error) ? 'idle' : 'failed';
    return { reason, message: describeFailure(error, signal), partial: heldSize > 0 };
  }
}

function tooLong(longest: number): LinesEnd {
  return { reason: 'too-long', message: `a line is longer than ${longest} bytes`, partial: true };
}

function isIdle(error: unknown): boolean {
  return (error as { code?: unknown }).code === SILENCE;
}
