// What the admin address answers to a request, without the socket: a pure function of the path and the state.

import type { BackendReport } from './backend-report.ts';
import type { HostReport, StateReport } from './state.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Exposition {
  readonly contentType: string;
  expose(report: StateReport): Promise<string>;
}

const PATHS = ['/healthz', '/readyz', '/metrics', '/state'];

export interface Sources {
  readonly state: () => StateReport;
  /** Each host, by name. */
  readonly hosts: () => readonly HostReport[];
  /** Backends by their name or the beginning of it, at a slash; see `backend-report.ts`. */
  readonly backends: (name: string) => Promise<readonly BackendReport[]>;
  readonly metrics: Exposition;
}

/** @param target as in the request line: path, and perhaps a query, of which `brief` and `backend=…` mean something. */
export async function answerRequest(
  method: string,
  target: string,
  { state, hosts, backends, metrics }: Sources,
): Promise<Answer> {
  const [path = '', query = ''] = target.split('?', 2);
  if (!PATHS.includes(path)) return text(404, `nothing is here; there are ${PATHS.join(', ')}\n`);
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...text(405, 'only GET and HEAD are answered\n'), headers: { allow: 'GET, HEAD' } };
  }
  if (path === '/healthz') return text(200, 'ok\n');
  const backend = path === '/state' ? new URLSearchParams(query).get('backend') : null;
  if (backend !== null) return endpointsOf(backend, await backends(backend));
  const report = state();
  if (path === '/readyz') return readiness(report);
  if (path === '/state') {
    const whole = query === 'brief' ? report : { ...report, hosts: { ...report.hosts, each: hosts() } };
    return json(whole);
  }
  return { status: 200, type: metrics.contentType, body: await metrics.expose(report), headers: {} };
}

function endpointsOf(name: string, reports: readonly BackendReport[]): Answer {
  if (reports.length > 0) return json({ backends: reports });
  const known = 'name one that a route leads to, as namespace/service or namespace/service/port';
  return text(404, `no backend is called ${JSON.stringify(name)}; ${known}\n`);
}

function json(body: unknown): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(body)}\n`, headers: {} };
}

/** Ready once everything has been in force, and for good: from then on nginx serves, whatever happens to us. */
function readiness(report: StateReport): Answer {
  if (report.settledOnce) return text(200, 'ok\n');
  const waiting =
    report.waiting.length === 0 ? ['the first configuration is being put in force'] : report.waiting;
  const isServing = report.nginx.running && report.workers.some(({ generation }) => generation > 0);
  const meanwhile = isServing ? 'nginx serves what was in force last\n' : '';
  return text(503, `not ready:\n${waiting.map((reason) => `- ${reason}\n`).join('')}${meanwhile}`);
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body, headers: {} };
}
