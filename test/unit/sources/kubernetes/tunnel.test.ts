// Tunnels through proxies that answer as they should not, or not at all; and what a SOCKS5 proxy is asked, byte by byte.
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { buildConnector } from 'undici';
import { tunnelConnector } from '../../../../src/sources/kubernetes/tunnel/connector.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A proxy that does with each connection what it is told; its URL. */
async function proxy(scheme: string, serve: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return new URL(`${scheme}://127.0.0.1:${bound !== null && typeof bound === 'object' ? bound.port : 0}`);
}

/** What a plain connection to `hostname` through it ends with: its first bytes, or the sentence. */
function reach(through: URL, hostname = 'api.test'): Promise<string> {
  const options = { proxy: through, trust: {}, ca: undefined, insecure: false, within: 300 };
  const target: buildConnector.Options = { hostname, protocol: 'http:', port: '6443' };
  return new Promise((resolve) => {
    tunnelConnector(options)(target, (error, socket) => {
      if (socket === null) return resolve(error?.message ?? '');
      sockets.add(socket);
      socket.once('data', (part: Buffer) => resolve(part.toString())).resume();
    });
  });
}

test.each([
  [
    'wants credentials',
    'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
    'the proxy does not accept our credentials (407)',
  ],
  [
    'forbids it',
    'HTTP/1.0 403 Forbidden\r\n\r\n',
    'the proxy does not let us through to api.test:6443 (403)',
  ],
  ['is something else', 'SSH-2.0-what\r\n\r\n', 'the proxy does not answer as an HTTP proxy does'],
  ['goes on and on', 'x'.repeat(20_000), 'the answer of the proxy does not end'],
  ['says nothing', '', 'the proxy made no connection within 1 s'],
])('an HTTP proxy that %s', async (_, answer, sentence) => {
  const through = await proxy('http', (socket) => void socket.write(answer));
  expect(await reach(through)).toBe(sentence);
});

test('a proxy that is not there, closes, or speaks no TLS', async () => {
  const closing = await proxy('http', (socket) => void socket.end());
  expect(await reach(closing)).toBe('the proxy closed the connection');
  const plain = await proxy('https', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await reach(plain)).toMatch(/^the exchange with the proxy failed: /);
  const absent = await proxy('http', () => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await reach(absent)).toBe('the proxy refuses connections');
});

test('bytes of the server that come with the answer are the first of the tunnel', async () => {
  const through = await proxy(
    'http',
    (socket) => void socket.write('HTTP/1.1 200 OK\r\nvia: x\r\n\r\nhello'),
  );
  expect(await reach(through)).toBe('hello');
});

const OPEN = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/** Answers each message with the next of these, and writes down what came. */
function scripted(answers: readonly (readonly number[])[], got: number[][]): (socket: Socket) => void {
  const left = answers.map((answer) => Buffer.from(answer)).values();
  return (socket) =>
    void socket.on('data', (part) => {
      got.push([...part]);
      const next = left.next().value;
      if (next !== undefined) socket.write(next);
    });
}

test('SOCKS5: names are left to the proxy, addresses go as such, and port 6443 after each', async () => {
  const port = [6443 >> 8, 6443 & 255];
  const name = [...Buffer.from('api.test')];
  const asked: readonly (readonly [string, readonly number[]])[] = [
    ['api.test', [3, name.length, ...name]],
    ['10.1.2.3', [1, 10, 1, 2, 3]],
    ['[fd00::1]', [4, 0xfd, ...Array.from({ length: 14 }, () => 0), 1]],
  ];
  for (const [host, address] of asked) {
    const got: number[][] = [];
    const through = await proxy(
      'socks5',
      scripted(
        [
          [5, 0],
          [...OPEN, ...Buffer.from('hello')],
        ],
        got,
      ),
    );
    expect(await reach(through, host)).toBe('hello');
    expect(got).toEqual([
      [5, 1, 0],
      [5, 1, 0, ...address, ...port],
    ]);
  }
});

test('SOCKS5: credentials when they are wanted, and what it refuses', async () => {
  const got: number[][] = [];
  const through = await proxy(
    'socks5',
    scripted(
      [
        [5, 2],
        [1, 0],
        [...OPEN, 104, 105],
      ],
      got,
    ),
  );
  through.username = 'ann';
  through.password = 'a:b';
  expect(await reach(through)).toBe('hi');
  expect(got[0]).toEqual([5, 2, 0, 2]);
  expect(got[1]).toEqual([1, 3, ...Buffer.from('ann'), 3, ...Buffer.from('a:b')]);

  const refusals: readonly (readonly [readonly (readonly number[])[], string])[] = [
    [[[5, 255]], 'the proxy wants other credentials than we have'],
    [[[4, 90]], 'the proxy does not answer as a SOCKS5 proxy does'],
    [
      [
        [5, 0],
        [5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      'the proxy does not let us through to api.test port 6443 (its rules forbid it)',
    ],
    [[[5, 0]], 'the proxy made no connection within 1 s'],
  ];
  for (const [answers, sentence] of refusals) {
    expect(await reach(await proxy('socks5', scripted(answers, [])))).toBe(sentence);
  }
});
