// The admin address over real sockets.
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AdminServerOutcome, createAdminServer } from '../../../src/serve/admin-server.ts';
import { createMetrics } from '../../../src/serve/metrics.ts';
import type { StateReport } from '../../../src/serve/state.ts';
import { REPORT } from './support/report.ts';

const identity = { version: '1.2.3', controllerClass: 'k8s.io/ingress-nginx', namespace: '', pod: 'host' };
const lines: { readonly message: string; readonly fields: object }[] = [];
const log = {
  info: (fields: object, message: string) => void lines.push({ fields, message }),
  error: (fields: object, message: string) => void lines.push({ fields, message }),
};
let stop = new AbortController();

afterEach(() => {
  stop.abort();
  stop = new AbortController();
  lines.length = 0;
});

const HOSTS = [{ host: 'shop.example', state: 'interpreted', waitsFor: 'the next compile' }] as const;

const BACKENDS = [
  {
    backend: 'default/shop/80',
    usedBy: [],
    algorithm: 'ewma',
    activeCheck: null,
    passiveCheck: null,
    panic: false,
    endpoints: [],
  },
];

type Listening = Extract<AdminServerOutcome, { outcome: 'listening' }>;

async function serve(state: () => StateReport = () => REPORT): Promise<Listening> {
  const server = await createAdminServer({
    address: { host: '127.0.0.1', port: 0 },
    state,
    hosts: () => HOSTS,
    backends: async (name) => (name === 'default/shop' ? BACKENDS : []),
    metrics: createMetrics(identity),
    signal: stop.signal,
    log,
  });
  if (server.outcome !== 'listening') throw new Error(server.message);
  return server;
}

/** Bytes as they come, for requests that a well-behaved client would not send. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      seen += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(seen));
  });
}

describe('answers', () => {
  test('/healthz is there while we are', async () => {
    const { url } = await serve(() => ({ ...REPORT, settled: false, settledOnce: false }));
    const response = await fetch(`${url}/healthz`);
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
  });

  test('/readyz says what it waits for until everything was in force once', async () => {
    let report: StateReport = {
      ...REPORT,
      settled: false,
      settledOnce: false,
      waiting: ['no nginx of this prefix runs'],
      nginx: { ...REPORT.nginx, running: false },
    };
    const { url } = await serve(() => report);
    const before = await fetch(`${url}/readyz`);
    expect([before.status, await before.text()]).toEqual([
      503,
      'not ready:\n- no nginx of this prefix runs\n',
    ]);
    report = { ...report, waiting: ['Ingress: not listed yet'], nginx: REPORT.nginx };
    expect(await (await fetch(`${url}/readyz`)).text()).toBe(
      'not ready:\n- Ingress: not listed yet\nnginx serves what was in force last\n',
    );
    report = { ...REPORT, settled: false, settledOnce: true };
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('/state is the report as JSON', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/state?pretty`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ ...REPORT, hosts: { ...REPORT.hosts, each: HOSTS } });
    expect(await (await fetch(`${url}/state?brief`)).json()).toEqual(REPORT);
  });

  test('/state?backend=… says why each endpoint of a backend gets requests or not', async () => {
    const { url } = await serve();
    const known = await fetch(`${url}/state?backend=default/shop`);
    expect([known.status, await known.json()]).toEqual([200, { backends: BACKENDS }]);
    const unknown = await fetch(`${url}/state?backend=shop`);
    expect([unknown.status, await unknown.text()]).toEqual([
      404,
      'no backend is called "shop"; name one that a route leads to, as namespace/service or namespace/service/port\n',
    ]);
  });

  test('/metrics has the gauges of the state at that moment', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toMatch(/^ingress_openresty_hosts\{state="interpreted",.*\} 5$/m);
    expect(text).toMatch(/^ingress_openresty_diagnostics\{severity="error",.*\} 1$/m);
  });

  test('HEAD has the headers of GET and no body', async () => {
    const { url } = await serve();
    const got = await fetch(`${url}/state`);
    const headed = await fetch(`${url}/state`, { method: 'HEAD' });
    expect(headed.status).toBe(200);
    expect(headed.headers.get('content-length')).toBe(got.headers.get('content-length'));
    expect(await headed.text()).toBe('');
  });

  test('other methods and other paths are refused', async () => {
    const { url } = await serve();
    const posted = await fetch(`${url}/state`, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${url}/config`)).status).toBe(404);
    expect((await fetch(`${url}//state`)).status).toBe(404);
  });

  test('a report that cannot be made is an answer 500 and a line in the log', async () => {
    const { url } = await serve(() => {
      throw new Error('broken');
    });
    expect((await fetch(`${url}/state`)).status).toBe(500);
    expect(lines.at(-1)?.message).toBe('a request to the admin address failed');
  });
});

describe('the socket', () => {
  test('port 0 takes a free one, returned and logged', async () => {
    const { port, url } = await serve();
    expect(port).toBeGreaterThan(0);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(lines).toContainEqual({
      fields: { host: '127.0.0.1', port },
      message: `admin address: ${url}/state`,
    });
  });

  test('a port that is taken is an outcome with a remedy', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { readonly port: number }).port));
    });
    const metrics = createMetrics(identity);
    const address = { host: '127.0.0.1', port };
    const outcome = await createAdminServer({
      address,
      state: () => REPORT,
      metrics,
      signal: stop.signal,
      log,
    });
    expect(outcome).toEqual({
      outcome: 'failed',
      message: `the admin address 127.0.0.1:${port} cannot be used: another process listens there`,
      hint: expect.stringContaining('--admin-address'),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  test('the signal ends it, with the connections that are open', async () => {
    const { port, closed, url } = await serve();
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'));
    await new Promise((resolve) => socket.once('data', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    stop.abort();
    await closed;
    await gone;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test('headers that are too big are refused', async () => {
    const { port } = await serve();
    const answer = await raw(port, `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(9_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('what follows an unread body is not taken for a request', async () => {
    const { port } = await serve();
    const smuggled =
      'POST /state HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await raw(port, smuggled);
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain('HTTP/1.1 200');
  });
});
