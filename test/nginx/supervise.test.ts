import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { liveMasters } from '../../src/nginx/processes.ts';
import { findOrphans } from '../../src/nginx/supervise/orphans.ts';
import { createSupervisor, type Supervisor } from '../../src/nginx/supervise/supervisor.ts';
import { eventually } from '../support/eventually.ts';
import { type Bed, makeBed } from './support/compile-bed.ts';

let bed: Bed;
let supervisor: Supervisor;
const children: ChildProcess[] = [];
beforeEach(async () => {
  bed = await makeBed();
  supervisor = supervise(bed);
  expect(await bed.compiler().compile(bed.files('one'))).toMatchObject({ outcome: 'written' });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await supervisor.stop();
  await bed.cleanup();
});

test('starts nginx, and leaves neither process nor socket behind', async () => {
  const started = await supervisor.start();
  expect(started).toMatchObject({ outcome: 'started', master: { pid: expect.any(Number) } });
  expect([...(await bed.ask(10))]).toEqual(['one']);
  expect(await bed.compiler().confirm(bed.files('one'))).toMatchObject({ outcome: 'proven' });
  await supervisor.stop();
  await expectNothing();
});

test('an nginx outlives the controller that is killed, and the next one adopts it', async () => {
  const first = await superviseInChild();
  await exitOf(first.child, 'SIGKILL');
  expect([...(await bed.ask(10))]).toEqual(['one']);
  const adopted = await supervisor.start();
  expect(adopted).toMatchObject({ outcome: 'adopted', master: { pid: first.pid } });
  await supervisor.stop();
  await expectNothing();
});

test('a controller that is ended takes its nginx along', async () => {
  const { child } = await superviseInChild();
  await exitOf(child, 'SIGTERM');
  await expectNothing();
});

test('an nginx that dies, its workers left behind, is started again; open connections last', async () => {
  const echo = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(echo, 'listening');
  echo.on('connection', (peer) => peer.on('message', (data) => peer.send(data)));
  const { port } = echo.address() as { port: number };
  const http = `server { listen 127.0.0.1:${bed.port}; server_name ws; location / {
    proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }`;
  await bed.compiler().compile(bed.files('one', { http }));
  const started = await supervisor.start();
  if (started.outcome === 'failed') throw new Error(started.message);
  const client = new WebSocket(`ws://127.0.0.1:${bed.port}/`, { headers: { host: 'ws' } });
  try {
    await once(client, 'open');
    process.kill(started.master.pid, 'SIGKILL');
    const next = await eventually('another master serves', async () => {
      const [master] = await liveMasters(bed.prefix);
      return master !== undefined && master.pid !== started.master.pid && master.workers.length === 2;
    });
    expect(next).toBe(true);
    expect([...(await bed.ask(20))]).toEqual(['one']);
    const said = once(client, 'message');
    client.send('still here');
    expect(String((await said)[0])).toBe('still here');
    expect((await findOrphans(bed.prefix)).every((orphan) => orphan.shuttingDown)).toBe(true);
  } finally {
    client.terminate();
    echo.close();
  }
});

test('master and controller killed at once: the next controller retires the workers and starts anew', async () => {
  const { child, pid } = await superviseInChild();
  await exitOf(child, 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  const orphans = await eventually('the workers are orphans', async () => {
    const found = await findOrphans(bed.prefix);
    return found.length === 2 && found;
  });
  const other = await makeBed();
  const neighbour = supervise(other);
  try {
    await other.compiler().compile(other.files('neighbour'));
    await neighbour.start();
    // Workers get their titles a moment after they are forked.
    const before = await eventually('both workers of the neighbour', async () => {
      const masters = await liveMasters(other.prefix);
      return masters[0]?.workers.length === 2 && masters;
    });
    expect(await supervisor.start()).toMatchObject({ outcome: 'started' });
    const left = (await findOrphans(bed.prefix)).filter((orphan) => !orphan.shuttingDown);
    expect(left).toEqual([]);
    const [master] = await liveMasters(bed.prefix);
    expect(orphans.some((orphan) => master?.workers.some(({ pid: worker }) => worker === orphan.pid))).toBe(
      false,
    );
    expect([...(await bed.ask(10))]).toEqual(['one']);
    expect(await liveMasters(other.prefix)).toEqual(before); // nobody else's nginx is touched
  } finally {
    await neighbour.stop();
    await other.cleanup();
  }
});

test('a start that fails says why, and is tried again until it works', async () => {
  const taken = createServer();
  taken.listen(bed.port, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const started = await supervisor.start();
    const message = expect.stringContaining(`bind() to 127.0.0.1:${bed.port} failed (98`);
    expect(started).toMatchObject({ outcome: 'failed', message });
  } finally {
    taken.close();
  }
  await eventually('nginx serves', async () => (await bed.ask(1)).has('one'), { timeoutMs: 15_000 });
});

test('an abort ends the watching alone; a stop afterwards still ends nginx', async () => {
  const controller = new AbortController();
  const own = supervise(bed, controller.signal);
  await own.start();
  controller.abort();
  expect([...(await bed.ask(5))]).toEqual(['one']);
  await own.stop();
  await expectNothing();
});

function supervise({ nginx, prefix }: Bed, signal = new AbortController().signal): Supervisor {
  const { binary, env } = nginx;
  return createSupervisor({ binary, prefix, env, signal, graceMs: 2000, log: pino({ level: 'silent' }) });
}

async function superviseInChild(): Promise<{ child: ChildProcess; pid: number }> {
  const script = join(import.meta.dirname, 'support/supervise-child.ts');
  const child = spawn(process.execPath, [script, bed.nginx.binary, bed.prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...bed.nginx.env },
  });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return { child, pid: JSON.parse(String(line)).master.pid };
}

async function exitOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

async function expectNothing(): Promise<void> {
  expect(await liveMasters(bed.prefix)).toEqual([]);
  expect(await findOrphans(bed.prefix)).toEqual([]);
  expect(await readdir(join(bed.prefix, 'control'))).toEqual([]);
  expect(await readdir(join(bed.prefix, 'run'))).toEqual([]);
}
