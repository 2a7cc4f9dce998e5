// The load generator counts what happened: nothing lost, nothing counted twice, a stale connection told apart.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, startBackend } from '../../support/backend.ts';
import { eventually } from '../../support/eventually.ts';
import { startLoad } from '../../support/load.ts';
import { freePort } from '../../support/ports.ts';

let backend: Backend;
beforeEach(async () => {
  backend = await startBackend({ name: 'one' });
});
afterEach(() => backend.close());

describe('startLoad', () => {
  test('keeps its connections and counts every answer by backend', async () => {
    const load = startLoad({ port: backend.port, host: 'x.example', connections: 4, rate: 400 });
    await eventually('forty answers', () => load.report().ok >= 40);
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, failures: [], repeated: 0, byBackend: { one: report.ok } });
    expect(report.sent).toBe(report.ok);
    expect(backend.requests()).toBe(report.sent);
    expect(backend.connections()).toBeLessThanOrEqual(4);
    expect(backend.last()?.headers.host).toBe('x.example');
  });

  test('records each failure with its reason and time', async () => {
    const load = startLoad({ port: backend.port, host: 'x', connections: 2, rate: 200 });
    await eventually('first answers', () => load.report().ok >= 4);
    const before = Date.now();
    backend.behave({ status: 502 });
    await eventually('bad answers', () => load.report().failed >= 3);
    backend.behave({});
    const report = await load.stop();
    expect(report.failures.every(({ reason }) => reason === 'status 502')).toBe(true);
    expect(report.failures[0]?.at).toBeGreaterThanOrEqual(before);
    expect(report.ok + report.failed).toBe(report.sent);
  });

  test('a refused connection and a reset fresh one are failures', async () => {
    const nobody = startLoad({ port: await freePort(), host: 'x', connections: 1, rate: 50 });
    await eventually('a refusal', () => nobody.report().failed > 0);
    expect((await nobody.stop()).failures[0]?.reason).toMatch(/ECONNREFUSED/);
    backend.behave({ fault: 'reset' });
    const reset = startLoad({ port: backend.port, host: 'x', connections: 1, rate: 50 });
    await eventually('a reset', () => reset.report().failed > 0);
    expect((await reset.stop()).failures[0]?.reason).toMatch(/ECONNRESET/);
  });

  test('a connection closed between two requests is repeated once, and said', async () => {
    const server = await closingServer();
    const { port } = server.address() as AddressInfo;
    const load = startLoad({ port, host: 'x', connections: 1, rate: 100 });
    await eventually('a repeat', () => load.report().repeated > 0);
    const report = await load.stop();
    server.closeAllConnections();
    server.close();
    expect(report.failed).toBe(0);
    expect(report.ok).toBe(report.sent);
  });

  test('stops by itself', async () => {
    const load = startLoad({ port: backend.port, host: 'x', connections: 1, rate: 100, maxMs: 100 });
    await sleep(300);
    const { sent } = load.report();
    await sleep(100);
    expect(load.report().sent).toBe(sent);
    await load.stop();
  });
});

// Answers the first request of a connection, resets it when the second one comes.
async function closingServer(): Promise<Server> {
  const answered = new WeakSet<object>();
  const server = createServer((request, response) => {
    if (answered.has(request.socket)) return void request.socket.resetAndDestroy();
    answered.add(request.socket);
    response.end('ok');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
