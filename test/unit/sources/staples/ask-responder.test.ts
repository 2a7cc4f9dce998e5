// A responder may answer anything, and none of it may keep its questioner waiting: of these there are only so many.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { askResponder } from '../../../../src/sources/staples/ask-responder.ts';

let answer: string;
let last: (socket: Socket) => void;
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write(answer);
    last(socket);
  });
});

beforeEach(async () => {
  last = () => {};
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

function ask() {
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/ocsp`);
  const { signal } = new AbortController();
  return askResponder({ url, address: '127.0.0.1', body: Buffer.from('?'), signal });
}

test('another protocol instead of an answer', async () => {
  answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n';
  expect(await ask()).toEqual({ ok: false, message: 'broke off' });
});

test('an answer that ends before its length, and one that is reset', async () => {
  answer = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort';
  last = (socket) => void socket.end();
  expect((await ask()).ok).toBe(false);
  last = (socket) => void socket.resetAndDestroy();
  expect((await ask()).ok).toBe(false);
});

test('an answer that ends with its connection is whole', async () => {
  answer = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole';
  last = (socket) => void socket.end();
  expect(await ask()).toEqual({ ok: true, bytes: Buffer.from('whole') });
});
