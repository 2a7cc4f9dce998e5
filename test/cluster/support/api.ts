// The tests' own way to the API: requests, and watches that end when the connection does. Deliberately not what is
// tested: nothing of the controller's source is used.
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind, read by tests that know them
export type Thing = any; // oxlint-disable-line typescript/no-explicit-any

export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Thing;
};

export type Api = {
  /** Throws `ApiError` for any status of 400 and above, and what the connection says. */
  readonly call: (method: string, path: string, body?: Thing, contentType?: string) => Promise<Thing>;
  /** Ends when the connection ends, however that comes about. */
  readonly watch: (path: string, signal: AbortSignal) => AsyncIterable<WatchEvent>;
  readonly close: () => void;
};

export type ApiError = Error & { readonly status: number };

export type ApiOptions = { readonly url: string; readonly ca: string; readonly token: string };

export const STRATEGIC = 'application/strategic-merge-patch+json';
export const MERGE = 'application/merge-patch+json';

export function openApi({ url, ca, token }: ApiOptions): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca });
  const watching = new Agent({ keepAlive: false, ca });

  const send = (
    method: string,
    path: string,
    more: { agent: Agent; body?: string; contentType?: string; signal?: AbortSignal; timeout?: number },
  ) =>
    new Promise<IncomingMessage>((done, fail) => {
      const { body, contentType = 'application/json', ...rest } = more;
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
      };
      const sent = request(new URL(path, url), { method, headers, ...rest }, done);
      sent.on('error', fail).on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.end(body);
    });

  return {
    async call(method, path, body, contentType) {
      const answer = await send(method, path, {
        agent,
        timeout: 30_000,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(contentType === undefined ? {} : { contentType }),
      });
      const text = await readText(answer);
      const { statusCode = 0 } = answer;
      if (statusCode < 400) return /^[{[]/.test(text) ? JSON.parse(text) : text;
      throw Object.assign(new Error(`${method} ${path}: ${statusCode} ${text.slice(0, 500)}`), {
        status: statusCode,
      });
    },
    async *watch(path, signal) {
      const answer = await send('GET', path, { agent: watching, signal });
      const { statusCode = 0 } = answer;
      if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await readText(answer)}`);
      answer.on('error', () => undefined);
      try {
        yield* eventsOf(answer);
      } catch (error) {
        // The connection broke off, perhaps within a line.
        if (answer.errored === null) throw error;
      }
    },
    close() {
      agent.destroy();
      watching.destroy();
    },
  };
}

/** Who stops reading ends the connection. Not by readline, which has its own mind about errors of what it reads. */
async function* eventsOf(answer: IncomingMessage): AsyncGenerator<WatchEvent> {
  let rest = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent;
  }
}

async function readText(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text;
}
