// One short exchange with the API server whose answer is one JSON object, within a deadline of its own.

import { quoteText } from '../../../model/diagnostic.ts';
import type { Cluster, ClusterRequest } from '../cluster.ts';

export type Reply =
  | {
      readonly outcome: 'reply';
      readonly status: number;
      /** Parsed; undefined where the body is no JSON. */
      readonly body: unknown;
      /** Milliseconds that the server asks us to wait, or null. */
      readonly retryAfter: number | null;
    }
  /** It may have been carried out or not. */
  | { readonly outcome: 'unreachable'; readonly message: string };

export interface Question {
  readonly method: ClusterRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** Milliseconds for the whole exchange. */
  readonly timeout?: number;
}

export async function ask(cluster: Pick<Cluster, 'request'>, question: Question): Promise<Reply> {
  const { method, path, body, contentType, signal, timeout = 10_000 } = question;
  const deadline = new AbortController();
  const end = () => deadline.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(end, timeout);
  try {
    const outcome = await cluster.request({
      method,
      path,
      signal: deadline.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(contentType === undefined ? {} : { contentType }),
    });
    if (outcome.outcome === 'unreachable') return unreachable(outcome.message);
    const text = await outcome.text();
    if (text.outcome === 'unreachable') return unreachable(text.message);
    const { status, headers } = outcome;
    return {
      outcome: 'reply',
      status,
      body: parse(text.text),
      retryAfter: waitAsked(headers['retry-after']),
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }

  function unreachable(message: string): Reply {
    const late = deadline.signal.aborted && !signal.aborted;
    return { outcome: 'unreachable', message: late ? `no answer within ${timeout} ms` : message };
  }
}

/** What went wrong, in one line: the status, and the server's own message cut to size. */
export function describeReply(reply: Reply): string {
  if (reply.outcome === 'unreachable') return reply.message;
  const message = member(reply.body, 'message');
  return typeof message === 'string' ? `${reply.status} ${quoteText(message)}` : String(reply.status);
}

/** `member(object, 'a', 'b')` is `object.a.b`, or undefined where a step leads nowhere. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function waitAsked(header: string | string[] | undefined): number | null {
  const seconds = typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : null;
  return seconds === null ? null : Math.min(seconds, LONGEST_WAIT_ASKED) * 1000;
}

const LONGEST_WAIT_ASKED = 60;
