// Large bodies stream through, too large ones are refused, slow answers are waited for: in both forms.

import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

const MEGABYTE = 1 << 20;

for (const { form, flags } of FORMS) {
  testGateway(
    `bodies, slow answers and WebSockets, ${form}`,
    {
      gateway: ([one]) => ({
        flags,
        manifests: {
          'shop.yaml': [
            ...workload('shop', [one?.endpoint ?? '']),
            ingress('shop', { host: 'shop.example', service: 'shop' }),
            ingress('slow', {
              host: 'slow.example',
              service: 'shop',
              annotations: { 'proxy-read-timeout': '1' },
            }),
          ],
        },
      }),
    },
    async ({ gateway, backends: [one] }) => {
      await expectLimit(gateway);
      await expectStreaming(gateway);

      one?.behave({ delayMs: 1500 });
      expect((await gateway.get('shop.example')).status).toBe(200);
      expect((await gateway.get('slow.example')).status).toBe(504);
      one?.behave({ bodyBytes: 50 * MEGABYTE });
      expect((await gateway.get('shop.example')).bytes).toHaveLength(50 * MEGABYTE);
      one?.behave({});

      const socket = new WebSocket(`ws://127.0.0.1:${gateway.httpPort}/`, {
        headers: { host: 'shop.example' },
      });
      await once(socket, 'message');
      const big = Buffer.alloc(MEGABYTE, 'w');
      socket.send(big);
      const [echoed] = (await once(socket, 'message')) as [Buffer];
      expect(echoed.equals(big)).toBe(true);
      socket.terminate();
    },
  );
}

/** One megabyte unless something else is said; with a length, and in chunks. */
async function expectLimit(gateway: Gateway): Promise<void> {
  const post = async (size: number, chunked: boolean) => {
    const text = 'x'.repeat(size);
    const body = chunked ? `${size.toString(16)}\r\n${text}\r\n0\r\n\r\n` : text;
    const headers: Record<string, string> = chunked ? { 'Transfer-Encoding': 'chunked' } : {};
    const answer = await gateway.get('shop.example', { method: 'POST', body, headers });
    return answer.status === 200 ? answer.json<{ bodyLength: number }>().bodyLength : answer.status;
  };
  for (const chunked of [false, true]) {
    expect(await post(MEGABYTE, chunked)).toBe(MEGABYTE);
    expect(await post(MEGABYTE + 1, chunked)).toBe(413);
    expect(await post(3 * MEGABYTE, chunked)).toBe(413);
  }
}

/** The backend has the first bytes before the client has sent the last. */
async function expectStreaming(gateway: Gateway): Promise<void> {
  const upload = await startUploads();
  await gateway.change(() =>
    gateway.put(
      'upload.yaml',
      ...workload('upload-live', [upload.endpoint]),
      ingress('upload-live', {
        host: 'upload-live.example',
        service: 'upload-live',
        annotations: { 'proxy-request-buffering': 'off', 'proxy-body-size': '200m' },
      }),
    ),
  );
  const chunk = Buffer.alloc(MEGABYTE, 'u');
  for (const headers of [{ 'content-length': String(100 * MEGABYTE) }, { 'transfer-encoding': 'chunked' }]) {
    upload.reset();
    const sent = httpRequest({
      host: '127.0.0.1',
      port: gateway.httpPort,
      method: 'POST',
      headers: { host: 'upload-live.example', ...headers },
    });
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.write(chunk);
    await eventually('the backend has the first megabyte', () => upload.received() >= MEGABYTE);
    for (let i = 1; i < 100; i++) {
      if (!sent.write(chunk)) await once(sent, 'drain');
    }
    sent.end();
    const [response] = await answer;
    response.resume();
    expect([response.statusCode, upload.received()]).toEqual([200, 100 * MEGABYTE]);
  }
}

async function startUploads() {
  let received = 0;
  const server = createServer((incoming, response) => {
    incoming.on('data', (data: Buffer) => {
      received += data.length;
    });
    incoming.on('end', () => response.end('got it'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest(async () => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    reset: () => {
      received = 0;
    },
  };
}
