// Large bodies stream through, too large ones are refused, slow answers are waited for: in both forms.

import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { WebSocket } from 'ws';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
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

for (const { form, flags } of FORMS) {
  for (const protocol of ['HTTP', 'HTTPS'] as const) {
    let upload: Awaited<ReturnType<typeof startUploads>>;
    testGateway(
      `a large upload streams through to ${protocol} without memory or disk, ${form}`,
      {
        gateway: async () => {
          upload = await startUploads(protocol === 'HTTPS');
          const annotations = {
            'backend-protocol': protocol,
            'proxy-request-buffering': 'off',
            'proxy-body-size': '0',
          };
          const route = ingress('upload', { host: 'upload.example', service: 'upload', annotations });
          return { flags, manifests: { 'upload.yaml': [...workload('upload', [upload.endpoint]), route] } };
        },
      },
      async ({ gateway }) => {
        const megabytes = protocol === 'HTTP' ? 1024 : 256;
        await stream(gateway, upload, megabytes, { 'content-length': String(megabytes * MEGABYTE) });
        await stream(gateway, upload, 256, { 'transfer-encoding': 'chunked' });
      },
    );
  }
}

async function stream(
  gateway: Gateway,
  upload: Awaited<ReturnType<typeof startUploads>>,
  megabytes: number,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { nginx, workers } = await gateway.state();
  const pids = [...nginx.masters, ...workers.map(({ pid }) => pid)];
  // Whatever a first request makes for good is there before.
  expect((await gateway.get('upload.example')).status).toBe(200);
  upload.reset();
  const before = sum(await Promise.all(pids.map(residentBytes)));
  const sent = httpRequest({
    host: '127.0.0.1',
    port: gateway.httpPort,
    method: 'POST',
    headers: { host: 'upload.example', ...headers },
  });
  const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
  const chunk = Buffer.alloc(MEGABYTE, 'g');
  let most = 0;
  for (let i = 1; i <= megabytes; i++) {
    if (!sent.write(chunk)) await once(sent, 'drain');
    if (i % 64 !== 0) continue;
    most = Math.max(most, sum(await Promise.all(pids.map(residentBytes))));
    for (const pid of pids) expect(await openFiles(pid)).not.toContain('client-body');
  }
  sent.end();
  const [response] = await answer;
  response.resume();
  expect([response.statusCode, upload.received()]).toEqual([200, megabytes * MEGABYTE]);
  expect(most - before).toBeLessThan(4 * MEGABYTE);
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function openFiles(pid: number): Promise<string> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''));
  return (await Promise.all(links)).join(' ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
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

async function startUploads(tls = false) {
  let received = 0;
  const answer: RequestListener = (incoming, response) => {
    incoming.on('data', (data: Buffer) => {
      received += data.length;
    });
    incoming.on('end', () => response.end('got it'));
  };
  const leaf = await makeLeaf(await makeAuthority(), { names: ['upload'] });
  const server = tls ? createTlsServer(leaf, answer) : createServer(answer);
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
