// Talking to `/config` over its unix socket. Each call is a connection of its own, so that repeating a call reaches
// every worker, and during a hot upgrade every master, in time. Never throws: a silent or dying nginx is an outcome.

import type { BackendHealth } from '../../model/health.ts';
import { exchangeOnce } from './exchange-once.ts';
import { type ConfigStatus, parseFull, parseHealth, parseRefusal, parseStatus } from './status.ts';

export interface ConfigClient {
  getStatus(): Promise<StatusOutcome>;
  /** What is known of a backend's endpoints; null: this nginx has no such backend. */
  getHealth(backend: string): Promise<HealthOutcome>;
  /** @param text a batch as `encodeBatch` makes it. Sending the same one again is harmless. */
  postBatch(text: string): Promise<PostOutcome>;
}

export type StatusOutcome = { readonly outcome: 'ok'; readonly status: ConfigStatus } | Unreachable;

export type HealthOutcome = { readonly outcome: 'ok'; readonly health: BackendHealth | null } | Unreachable;

export type PostOutcome =
  /** In force in the instance that answered; `applied` is false when it had it already. */
  | { readonly outcome: 'ok'; readonly status: ConfigStatus; readonly applied: boolean }
  /** It has a newer version. */
  | { readonly outcome: 'stale'; readonly status: ConfigStatus }
  /** It has another version than the one that the delta follows. */
  | { readonly outcome: 'base'; readonly status: ConfigStatus }
  /** Bytes. Nothing was changed. */
  | { readonly outcome: 'full'; readonly needed: number; readonly free: number }
  | { readonly outcome: 'malformed'; readonly message: string }
  | { readonly outcome: 'busy' }
  | Unreachable;

/** Nobody there, no answer in time, or one that cannot be understood: the batch may or may not be in force. */
export interface Unreachable {
  readonly outcome: 'unreachable';
  readonly message: string;
}

export interface ConfigClientOptions {
  readonly socketPath: string;
  readonly signal: AbortSignal;
  /** Milliseconds; 1 s. */
  readonly connectWithin?: number;
  /** Milliseconds for the whole exchange, and as much again for each 10 MB sent; 10 s. */
  readonly answerWithin?: number;
}

const LONGEST_ANSWER = 8 * 1024 * 1024;

export function createConfigClient(options: ConfigClientOptions): ConfigClient {
  return {
    async getStatus() {
      const answer = await exchange(options, 'GET', null);
      if ('outcome' in answer) return answer;
      const status = answer.code === 200 ? parseStatus(answer.body) : null;
      return status === null ? notUnderstood(answer) : { outcome: 'ok', status };
    },
    async getHealth(backend) {
      const answer = await exchange(options, 'GET', null, `?health=${encodeURIComponent(backend)}`);
      if ('outcome' in answer) return answer;
      if (answer.code === 404) return { outcome: 'ok', health: null };
      const health = answer.code === 200 ? parseHealth(answer.body) : null;
      return health === null ? notUnderstood(answer) : { outcome: 'ok', health };
    },
    async postBatch(text) {
      const answer = await exchange(options, 'POST', text);
      return 'outcome' in answer ? answer : (readPost(answer) ?? notUnderstood(answer));
    },
  };
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

function readPost({ code, body }: Answer): PostOutcome | null {
  const status = parseStatus(body);
  const refusal = parseRefusal(body);
  if (code === 200 && status !== null) return { outcome: 'ok', status, applied: isApplied(body) };
  if (code === 400 || code === 413)
    return { outcome: 'malformed', message: refusal?.message ?? `it answered ${code}` };
  if (code === 409 && status !== null && refusal?.error === 'stale') return { outcome: 'stale', status };
  if (code === 409 && status !== null && refusal?.error === 'base') return { outcome: 'base', status };
  if (code === 503 && refusal?.error === 'busy') return { outcome: 'busy' };
  const full = code === 507 ? parseFull(body) : null;
  return full === null ? null : { outcome: 'full', needed: full.needed, free: full.free };
}

async function exchange(
  options: ConfigClientOptions,
  method: 'GET' | 'POST',
  text: string | null,
  query = '',
): Promise<Answer | Unreachable> {
  const { socketPath, signal, connectWithin = 1_000, answerWithin = 10_000 } = options;
  const within = answerWithin * (1 + (text?.length ?? 0) / 10_000_000);
  // Not AbortSignal.any: the controller's signal lives for ever and this is called twice a second.
  const ends = new AbortController();
  const end = (): void => ends.abort(signal.reason);
  const timer = setTimeout(end, within);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const answer = await exchangeOnce({
      socketPath,
      method,
      path: `/config${query}`,
      body: text === null ? null : { type: 'application/x-ndjson', text },
      connectWithin,
      most: LONGEST_ANSWER,
      signal: ends.signal,
    });
    return { code: answer.code, body: parse(answer.body) };
  } catch (error) {
    return { outcome: 'unreachable', message: describe(error, signal, ends.signal, within) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function describe(error: unknown, signal: AbortSignal, ends: AbortSignal, within: number): string {
  if (signal.aborted) return 'the controller is ending';
  const { code, message } = error as Error & { code?: string };
  if (ends.aborted) return `no answer within ${Math.round(within / 1000)} s`;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'no nginx listens on its control socket';
  return `the control socket failed: ${message}`;
}

function notUnderstood({ code }: Answer): Unreachable {
  return {
    outcome: 'unreachable',
    message: `/config gave an answer that cannot be understood (status ${code})`,
  };
}

function isApplied(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'applied' in body && body.applied === true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
