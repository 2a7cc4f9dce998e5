// gRPC through the gateway: messages stream in both directions, trailers and statuses arrive, and what is between
// clients and endpoints says what it says for HTTP.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { afterEach, beforeAll, expect, test } from '@jest/globals';
import { ingress, tlsSecret, workload } from '../e2e/support/objects.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { freePort } from '../support/ports.ts';
import { type GrpcServer, grpcMessage, startGrpcServer } from './support/grpc-server.ts';
import { FORMS, type Form, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

let authority: Authority;
let pair: Pair;
let client: Pair;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await makeAuthority();
  pair = await makeLeaf(authority, { names: ['rpc.example', 'rpc.default.svc'] });
  client = await makeLeaf(authority, { names: ['rpc-client'] });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

for (const form of FORMS) {
  for (const protocol of ['GRPC', 'GRPCS'] as const) {
    test(`${protocol}: streams both ways, trailers, statuses, headers, ${form}`, async () => {
      const server = await grpcServer(protocol);
      const bed = await start(form, protocol, [server.endpoint]);
      const session = open(bed);

      const call = session.request(headersOf('/test.Echo/Each', 'rpc.example'));
      const trailers = once(call, 'trailers') as Promise<[IncomingHttpHeaders]>;
      const [head] = (await sendFirst(call, 'one')) as [IncomingHttpHeaders];
      expect([head[':status'], head['content-type']]).toEqual([200, 'application/grpc']);
      expect(await next(call)).toEqual(grpcMessage('one'));
      // The second is sent only when the first has come back: nothing waits for the end of the request.
      call.write(grpcMessage('two'));
      expect(await next(call)).toEqual(grpcMessage('two'));
      call.end();
      call.resume();
      expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0', 'x-end': 'yes' });

      const [failed] = await headOf(session, '/test.Echo/Fail', 'rpc.example');
      expect(failed).toMatchObject({ ':status': 200, 'grpc-status': '7', 'grpc-message': 'no' });

      expect(server.seen[0]?.headers).toMatchObject({
        host: 'rpc.example',
        te: 'trailers',
        'content-type': 'application/grpc',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'rpc.example',
        'x-forwarded-port': '443',
        'x-forwarded-proto': 'https',
        'x-forwarded-scheme': 'https',
        'x-scheme': 'https',
        'x-real-ip': '127.0.0.1',
        'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
        'x-original-forwarded-for': '1.2.3.4',
      });
      for (const absent of ['connection', 'upgrade', 'proxy'])
        expect(server.seen[0]?.headers[absent]).toBeUndefined();
      expect(server.sessions()).toBe(1);
    });
  }

  test(`no endpoints, no answer in time, too much, a retry, ${form}`, async () => {
    const server = await grpcServer('GRPC');
    const dead = `127.0.0.1:${await freePort()}`;
    const bed = await startUpstreamBed(form, [
      tlsSecret('tls', pair),
      ...workload('rpc', [server.endpoint, dead]),
      ...workload('empty', []),
      rpcIngress('rpc', 'rpc', 'GRPC', { 'proxy-read-timeout': '1', 'proxy-body-size': '100' }),
      rpcIngress('empty', 'empty', 'GRPC'),
    ]);
    closing.push(() => bed.close());
    const session = open(bed);
    expect((await headOf(session, '/test.Echo/Each', 'empty.example'))[0][':status']).toBe(503);
    // One of two endpoints is dead: whoever meets it goes on to the other.
    for (let i = 0; i < 6; i++)
      expect((await headOf(session, '/test.Echo/Fail', 'rpc.example'))[0]['grpc-status']).toBe('7');
    expect((await headOf(session, '/test.Echo/Hang', 'rpc.example'))[0][':status']).toBe(504);
    expect((await headOf(session, '/test.Echo/Refuse', 'rpc.example'))[0][':status']).toBe(503);
    const big = { ...headersOf('/test.Echo/Each', 'rpc.example'), 'content-length': '101' };
    const refused = session.request(big);
    refused.on('error', () => undefined);
    refused.write(Buffer.alloc(101));
    const [head] = (await once(refused, 'response')) as [IncomingHttpHeaders];
    expect(head[':status']).toBe(413);
  });

  test(`GRPCS with a certificate of ours, and verified, ${form}`, async () => {
    const server = await grpcServer('GRPCS');
    const secret = tlsSecret('client', client);
    const data = { ...(secret.data as object), 'ca.crt': Buffer.from(authority.cert).toString('base64') };
    const bed = await startUpstreamBed(form, [
      tlsSecret('tls', pair),
      { ...secret, data },
      ...workload('rpc', [server.endpoint]),
      rpcIngress('rpc', 'rpc', 'GRPCS', { 'proxy-ssl-secret': 'default/client', 'proxy-ssl-verify': 'on' }),
      rpcIngress('plain', 'rpc', 'GRPCS'),
    ]);
    closing.push(() => bed.close());
    const session = open(bed);
    for (const host of ['rpc', 'plain', 'rpc', 'plain'])
      expect((await headOf(session, '/test.Echo/Fail', `${host}.example`))[0]['grpc-status']).toBe('7');
    expect(server.seen.map(({ peer }) => peer)).toEqual(['rpc-client', null, 'rpc-client', null]);
  });
}

async function grpcServer(protocol: 'GRPC' | 'GRPCS'): Promise<GrpcServer> {
  const server = await startGrpcServer(protocol === 'GRPCS' ? { pair, clientCa: authority.cert } : {});
  closing.push(() => server.close());
  return server;
}

function rpcIngress(
  name: string,
  service: string,
  protocol: string,
  annotations: Readonly<Record<string, string>> = {},
) {
  return ingress(name, {
    host: `${name}.example`,
    service,
    tls: 'tls',
    annotations: { 'backend-protocol': protocol, ...annotations },
  });
}

async function start(form: Form, protocol: string, endpoints: readonly string[]): Promise<UpstreamBed> {
  const bed = await startUpstreamBed(form, [
    tlsSecret('tls', pair),
    ...workload('rpc', endpoints),
    rpcIngress('rpc', 'rpc', protocol),
  ]);
  closing.push(() => bed.close());
  return bed;
}

function open({ httpsPort }: UpstreamBed): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${httpsPort}`, {
    rejectUnauthorized: false,
    servername: 'rpc.example',
  });
  session.on('error', () => session.destroy());
  closing.push(() => session.destroy());
  return session;
}

function headersOf(path: string, host: string) {
  return {
    ':method': 'POST',
    ':path': path,
    ':authority': host,
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-forwarded-for': '1.2.3.4',
    proxy: 'evil',
  };
}

type Call = ReturnType<ClientHttp2Session['request']>;

function sendFirst(call: Call, text: string): Promise<unknown[]> {
  const head = once(call, 'response');
  call.write(grpcMessage(text));
  return head;
}

async function next(call: Call): Promise<Buffer> {
  const [data] = (await once(call, 'data')) as [Buffer];
  return data;
}

async function headOf(session: ClientHttp2Session, path: string, host: string) {
  const call = session.request(headersOf(path, host));
  call.end(grpcMessage('x'));
  const head = (await once(call, 'response')) as [IncomingHttpHeaders];
  call.resume();
  await once(call, 'close');
  return head;
}
