// Endpoints that speak HTTPS or gRPC are picked, checked and left like those of plain HTTP.

import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { ingress, tlsSecret, workload } from '../e2e/support/objects.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/ports.ts';
import { startGrpcServer } from './support/grpc-server.ts';
import { FORMS, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

let pair: Pair;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  pair = await makeLeaf(await makeAuthority(), { names: ['web.example', 'rpc.example'] });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const PASSIVE = { 'upstream-max-fails': '2', 'upstream-fail-timeout': '1' };

for (const form of FORMS) {
  test(`HTTPS: measured, ejected, tried again; sessions; failover, ${form}`, async () => {
    const [one, two, spare] = await Promise.all(['one', 'two', 'spare'].map(secured));
    const bed = await open(form, [
      ...workload('web', [one?.endpoint ?? '', two?.endpoint ?? '']),
      ...workload('spare', [spare?.endpoint ?? '']),
      ...workload('gone', [`127.0.0.1:${await freePort()}`]),
      https('web', 'web', { ...PASSIVE, 'load-balance': 'least_conn' }),
      https('hashed', 'web', { 'upstream-hash-by': '$request_uri' }),
      https('sticky', 'web', { affinity: 'cookie' }),
      https('fails', 'gone', { 'failover-service': 'spare:80' }),
    ]);
    expect(await whom(bed, 'web.example', 12)).toEqual(new Set(['one', 'two']));
    one?.behave({ fault: 'reset' });
    expect(await whom(bed, 'web.example', 20)).toEqual(new Set(['two']));
    one?.behave({});
    await eventually('it is back', async () => (await whom(bed, 'web.example', 10)).size === 2);

    expect((await whom(bed, 'hashed.example', 10)).size).toBe(1);
    const first = await bed.get('sticky.example');
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    expect(await whom(bed, 'sticky.example', 10, { cookie })).toEqual(new Set([first.headers['x-backend']]));
    expect(await whom(bed, 'fails.example', 4)).toEqual(new Set(['spare']));
  });

  test(`HTTPS: an active check takes an endpoint out and in, ${form}`, async () => {
    const [one, two] = await Promise.all(['one', 'two'].map(secured));
    const bed = await open(form, [
      ...workload('web', [one?.endpoint ?? '', two?.endpoint ?? '']),
      https('web', 'web', {
        'health-check': 'https',
        'health-check-path': '/health',
        'health-check-interval': '1',
        'health-check-timeout': '1',
        'health-check-fall': '1',
        'health-check-rise': '1',
      }),
    ]);
    one?.behave({ status: 500 });
    await eventually('it is out', async () => {
      const seen = await whom(bed, 'web.example', 10);
      return seen.size === 1 && seen.has('two');
    });
    one?.behave({});
    await eventually('it is in', async () => (await whom(bed, 'web.example', 10)).size === 2);
  });

  test(`gRPC: a dead endpoint is ejected, by what streams tell, ${form}`, async () => {
    const server = await startGrpcServer();
    closing.push(() => server.close());
    const bed = await open(form, [
      tlsSecret('tls', pair),
      ...workload('rpc', [server.endpoint, `127.0.0.1:${await freePort()}`]),
      ingress('rpc', {
        host: 'rpc.example',
        service: 'rpc',
        tls: 'tls',
        annotations: { 'backend-protocol': 'GRPC', ...PASSIVE },
      }),
    ]);
    const session = sessionTo(bed);
    for (let i = 0; i < 12; i++) expect((await call(session))['grpc-status']).toBe('7');
    expect(await bed.errorLog()).toMatch(/endpoint \S+ is ejected for 1 s: no answer/);
    expect(server.seen).toHaveLength(12);
  });
}

async function secured(name: string): Promise<Backend> {
  const backend = await startBackend({ name, tls: { cert: pair.cert, key: pair.key } });
  closing.push(() => backend.close());
  return backend;
}

function https(name: string, service: string, annotations: Readonly<Record<string, string>>) {
  return ingress(name, {
    host: `${name}.example`,
    service,
    annotations: { 'backend-protocol': 'HTTPS', ...annotations },
  });
}

async function open(...given: Parameters<typeof startUpstreamBed>): Promise<UpstreamBed> {
  const bed = await startUpstreamBed(...given);
  closing.push(() => bed.close());
  expect(bed.diagnostics).toEqual([]);
  return bed;
}

async function whom(
  bed: UpstreamBed,
  host: string,
  requests: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (let i = 0; i < requests; i++) {
    const answer = await bed.get(host, { headers });
    names.add(String(answer.headers['x-backend'] ?? answer.status));
  }
  return names;
}

function sessionTo({ httpsPort }: UpstreamBed): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${httpsPort}`, {
    rejectUnauthorized: false,
    servername: 'rpc.example',
  });
  session.on('error', () => session.destroy());
  closing.push(() => session.destroy());
  return session;
}

/** The head of the answer, which is all there is of one that fails. */
async function call(session: ClientHttp2Session): Promise<IncomingHttpHeaders> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Echo/Fail',
    ':authority': 'rpc.example',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end();
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  stream.resume();
  return head;
}
