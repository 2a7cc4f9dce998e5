// The admin address: health, readiness, metrics and state over plain HTTP, on loopback unless told otherwise.
// Nothing here changes anything. A client that is slow, or sends too much, is cut off.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { type Answer, answerRequest, type Exposition } from './answer.ts';
import type { BackendReport } from './backend-report.ts';
import type { HostReport, StateReport } from './state.ts';

export interface AdminServerOptions {
  /** Port 0 asks the kernel for a free one. */
  readonly address: { readonly host: string; readonly port: number };
  readonly state: () => StateReport;
  readonly hosts?: () => readonly HostReport[];
  readonly backends?: (name: string) => Promise<readonly BackendReport[]>;
  readonly metrics: Exposition;
  /** Ends the server and every connection to it. */
  readonly signal: AbortSignal;
  readonly log: AdminLog;
}

export interface AdminLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type AdminServerOutcome =
  | {
      readonly outcome: 'listening';
      readonly host: string;
      readonly port: number;
      readonly url: string;
      /** Settles when the signal has ended it. */
      readonly closed: Promise<void>;
    }
  | { readonly outcome: 'failed'; readonly message: string; readonly hint: string };

export async function createAdminServer(options: AdminServerOptions): Promise<AdminServerOutcome> {
  const { address, signal, log } = options;
  const server = createServer(LIMITS, (request, response) => {
    answer(request, options).then(
      (answered) => send(request, response, answered),
      (error: unknown) => {
        log.error({ error, url: request.url }, 'a request to the admin address failed');
        send(request, response, {
          status: 500,
          type: 'text/plain',
          body: 'failed; see the log\n',
          headers: {},
        });
      },
    );
  });
  server.maxConnections = 128;
  const problem = await listen(server, address);
  if (problem !== null) return explain(problem, address);
  const closed = closeOn(signal, server);
  server.on('error', (error) => log.error({ error }, 'the admin address is in trouble'));
  const { address: host, port, family } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
  log.info({ host, port }, `admin address: ${url}/state`);
  return { outcome: 'listening', host, port, url, closed };
}

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 8_192,
} as const;

async function answer(request: IncomingMessage, options: AdminServerOptions): Promise<Answer> {
  // What the kernel told before this request, a changed file above all, is told to us before it is answered.
  if (request.method === 'GET') await setImmediate();
  return answerRequest(request.method ?? '', request.url ?? '', {
    hosts: () => [],
    backends: async () => [],
    ...options,
  });
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, headers }: Answer,
): void {
  // A body that nobody will read must not be taken for the next request.
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  response.writeHead(status, {
    ...headers,
    ...(hasBody ? { connection: 'close' } : {}),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listen(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(address.port, address.host, () => {
      server.off('error', resolve);
      resolve(null);
    });
  });
}

function explain(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): AdminServerOutcome {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOTFOUND: 'that name has no address',
  };
  return {
    outcome: 'failed',
    message: `the admin address ${where} cannot be used: ${reasons[error.code ?? ''] ?? error.message}`,
    hint: 'name another with --admin-address HOST:PORT; port 0 takes a free one',
  };
}

function closeOn(signal: AbortSignal, server: Server): Promise<void> {
  return new Promise((resolve) => {
    const close = () => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}
