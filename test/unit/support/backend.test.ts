// The backend and the raw client, against each other and against what goes over the wire.
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Backend, type Seen, startBackend } from '../../support/backend.ts';
import { request } from '../../support/http-client.ts';
import { freePorts } from '../../support/ports.ts';

let backend: Backend;
beforeEach(async () => {
  backend = await startBackend({ name: 'one', address: '127.0.0.7' });
});
afterEach(() => backend.close());
const at = () => ({ address: '127.0.0.7', port: backend.port });

describe('startBackend', () => {
  test('tells what it saw', async () => {
    const body = Buffer.alloc(300_000, 'y');
    const headers = { 'X-Thing': 'v' };
    const answer = await request({
      ...at(),
      method: 'POST',
      target: '/p?q=1',
      host: 'h.example',
      headers,
      body,
    });
    const seen = answer.json<Seen>();
    expect(seen).toMatchObject({ name: 'one', method: 'POST', url: '/p?q=1', bodyLength: 300_000 });
    expect(seen.headers).toMatchObject({ host: 'h.example', 'x-thing': 'v' });
    expect(seen.bodySha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect(backend.requests()).toBe(1);
    expect(backend.last()).toEqual(seen);
  });

  test('misbehaves as told, and behaves again', async () => {
    backend.behave({ status: 503, headers: { 'x-more': 'yes' } });
    expect(await request(at())).toMatchObject({
      status: 503,
      headers: { 'x-more': 'yes', 'x-backend': 'one' },
    });
    backend.behave({ fault: 'reset' });
    await expect(request(at())).rejects.toThrow(/ECONNRESET/);
    backend.behave({ fault: 'hang' });
    await expect(request({ ...at(), timeoutMs: 200 })).rejects.toThrow(/within 200 ms/);
    backend.behave({ bodyBytes: 1_000_001 });
    expect((await request(at())).bytes.length).toBe(1_000_001);
    backend.behave({});
    expect((await request(at())).status).toBe(200);
    expect(backend.requests()).toBe(5);
  });

  test('echoes WebSocket messages after one that names it', async () => {
    const socket = new WebSocket(`ws://${backend.endpoint}/chat`);
    const messages: string[] = [];
    await new Promise<void>((done, fail) => {
      socket.on('error', fail);
      socket.on('open', () => socket.send('hello'));
      socket.on('message', (data) => {
        messages.push((data as Buffer).toString('utf8'));
        if (messages.length === 2) done();
      });
    });
    socket.terminate();
    expect(JSON.parse(messages[0] ?? '')).toMatchObject({ name: 'one', url: '/chat' });
    expect(messages[1]).toBe('hello');
  });
});

describe('request', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let received = '';
  const answerWith = async (answer: string): Promise<number> => {
    received = '';
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('data', (data) => {
        received += data.toString('latin1');
        if (received.includes('\r\n\r\n')) socket.end(answer);
      });
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    return port;
  };
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
  });

  test('sends the bytes as given: HTTP/1.0 without Host, absolute form, odd Hosts', async () => {
    const port = await answerWith('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await request({ port, version: '1.0', host: null, target: 'http://x.example:1//a/../b%2F' });
    expect(received).toBe('GET http://x.example:1//a/../b%2F HTTP/1.0\r\nConnection: close\r\n\r\n');
    received = '';
    await request({
      port,
      host: 'UPPER.example.:80',
      headers: [
        ['A', '1'],
        ['A', '2'],
      ],
    });
    expect(received).toBe(
      'GET / HTTP/1.1\r\nHost: UPPER.example.:80\r\nA: 1\r\nA: 2\r\nConnection: close\r\n\r\n',
    );
  });

  test('reads chunks, interim answers and repeated headers', async () => {
    const head =
      'HTTP/1.1 201 Created\r\nSet-Cookie: a\r\nset-cookie: b\r\nTransfer-Encoding: chunked\r\n\r\n';
    const port = await answerWith(
      `HTTP/1.1 103 Early Hints\r\n\r\n${head}3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`,
    );
    expect(await request({ port })).toMatchObject({
      status: 201,
      body: 'abc0123456789',
      headers: { 'set-cookie': 'a, b' },
    });
  });

  test.each([
    ['in the head', 'HTTP/1.1 200 OK\r\nConte'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ])('an answer cut short %s is an error, not a short body', async (_where, answer) => {
    const port = await answerWith(answer);
    await expect(request({ port })).rejects.toThrow(/closed/);
  });
});

test('freePorts gives different ports that can be listened on', async () => {
  const ports = await freePorts(5);
  expect(new Set(ports).size).toBe(5);
  const server = createServer();
  await new Promise<void>((done) => server.listen(ports[0], '127.0.0.1', done));
  server.close();
});
