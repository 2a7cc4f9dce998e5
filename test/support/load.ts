// Steady load over keepalive connections that writes down every request that was not answered as expected.
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export type LoadOptions = {
  readonly port: number;
  readonly address?: string;
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  readonly connections: number;
  /** Requests per second over all connections; a slow server lowers it, requests are never piled up. */
  readonly rate: number;
  readonly expectedStatus?: number;
  /** It ends by itself after this time. Default five minutes. */
  readonly maxMs?: number;
};

export type LoadFailure = { readonly at: number; readonly reason: string };

export type LoadReport = {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** The first thousand failures; `at` is Date.now() when it was noticed. */
  readonly failures: readonly LoadFailure[];
  /**
   * Requests on a reused connection that the server had closed before it sent a byte. RFC 9112 9.3.1 lets clients
   * repeat those; each was repeated once, on a new connection, and only that outcome is in `ok` or `failed`.
   */
  readonly repeated: number;
  /** Answers by the `x-backend` header, `""` when there was none. */
  readonly byBackend: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<number, number>>;
};

export type Load = {
  readonly report: () => LoadReport;
  /** Lets requests in flight end, closes the connections. */
  readonly stop: () => Promise<LoadReport>;
};

export function startLoad(options: LoadOptions): Load {
  const { connections, rate, maxMs = 300_000, expectedStatus = 200 } = options;
  const Agent = options.tls === true ? HttpsAgent : HttpAgent;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally = { sent: 0, ok: 0, failed: 0, repeated: 0, failures: [] as LoadFailure[] };
  const byBackend: Record<string, number> = {};
  const byStatus: Record<number, number> = {};
  const end = Date.now() + maxMs;
  const pauseMs = (1000 * connections) / rate;
  let stopped = false;

  const fail = (reason: string) => {
    tally.failed += 1;
    if (tally.failures.length < 1000) tally.failures.push({ at: Date.now(), reason });
  };
  const once = async () => {
    tally.sent += 1;
    let outcome = await send(options, agent);
    if (outcome.kind === 'stale') {
      tally.repeated += 1;
      outcome = await send(options, false);
    }
    if (outcome.kind !== 'answer') return fail(outcome.reason);
    byBackend[outcome.backend] = (byBackend[outcome.backend] ?? 0) + 1;
    byStatus[outcome.status] = (byStatus[outcome.status] ?? 0) + 1;
    if (outcome.status === expectedStatus) tally.ok += 1;
    else fail(`status ${outcome.status}`);
  };
  const keepSending = async (offset: number) => {
    let due = performance.now() + offset;
    while (!stopped && Date.now() < end) {
      const early = due - performance.now();
      if (early > 0) await sleep(early);
      else due = performance.now();
      due += pauseMs;
      if (!stopped) await once();
    }
  };
  const report = (): LoadReport => ({
    ...tally,
    failures: [...tally.failures],
    byBackend: { ...byBackend },
    byStatus: { ...byStatus },
  });

  const senders = Array.from({ length: connections }, (_, i) => keepSending((i * pauseMs) / connections));
  const stop = async () => {
    stopped = true;
    await Promise.all(senders);
    agent.destroy();
    return report();
  };
  return { report, stop };
}

type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly backend: string }
  | { readonly kind: 'stale' | 'failure'; readonly reason: string };

function send(options: LoadOptions, agent: HttpAgent | false): Promise<Outcome> {
  const { port, address = '127.0.0.1', host, path = '/', headers = {}, tls = false } = options;
  const common = { host: address, port, path, agent, timeout: 10_000, headers: { ...headers, host } };
  return new Promise((done) => {
    const lost = (error: Error) => {
      const reason = `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`.trim();
      const stale = sent.reusedSocket && /ECONNRESET|EPIPE/.test(reason);
      done({ kind: stale ? 'stale' : 'failure', reason });
    };
    const answered = (response: IncomingMessage) => {
      sent.off('error', lost).on('error', () => undefined);
      const broken = (error: Error) =>
        done({ kind: 'failure', reason: `answer cut short: ${error.message}` });
      response.on('error', broken).resume();
      response.on('end', () => {
        const backend = response.headers['x-backend'];
        done({
          kind: 'answer',
          status: response.statusCode ?? 0,
          backend: typeof backend === 'string' ? backend : '',
        });
      });
    };
    const sent: ClientRequest = tls
      ? httpsRequest({ ...common, servername: host, rejectUnauthorized: false }, answered)
      : httpRequest(common, answered);
    sent.on('error', lost);
    sent.on('timeout', () => sent.destroy(new Error('no answer for 10 s')));
    sent.end();
  });
}
