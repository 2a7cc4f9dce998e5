// A day of route changes, quickened: connections that live for long are cut by nothing but the shutdown timeout of the
// workers they are on, because no more than two generations of those ever drain beside the present one.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import WebSocket from 'ws';
import { eventually } from '../support/eventually.ts';
import { childPids, processTitle } from '../support/processes.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

const CHANGES = 24;
const WORKERS = 2;
const GENERATIONS = 3;
const TIMEOUT_S = 12;

testGateway(
  'WebSockets live through many route changes until the shutdown timeout, and workers do not pile up',
  {
    timeoutMs: 120_000,
    gateway: ([one]) => ({
      // Without quiet time and interval nothing but draining workers holds a reload back.
      flags: ['--compile', 'at-once'],
      settings: { 'worker-shutdown-timeout': `${TIMEOUT_S}s` },
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    const census = countWorkers(gateway);
    const { reloads } = await gateway.state();
    const sockets: Held[] = [];
    for (let i = 0; i < CHANGES; i += 1) {
      sockets.push(await hold(gateway));
      await gateway.change(() => change(gateway, i));
      await sleep(150);
    }
    const held = await gateway.state();
    // One more would have made a fourth generation: what came later is in force all the same.
    expect(held.reloads - reloads).toBe(GENERATIONS - 1);
    expect(held.settled).toBe(true);
    for (let i = 0; i < CHANGES; i += 1) {
      const status = (await gateway.get(hostOf(i), { target: pathOf(i) })).status;
      expect(`${hostOf(i)}${pathOf(i)} ${status}`).toBe(`${hostOf(i)}${pathOf(i)} 200`);
    }
    const waits = held.hosts.each?.map(({ waitsFor }) => waitsFor ?? '') ?? [];
    expect(waits.filter((text) => text.includes('connections still live')).length).toBeGreaterThan(0);
    expect(held.nginx.draining?.length).toBeGreaterThanOrEqual(GENERATIONS - 1);

    // Nobody has been cut off, and every connection still carries messages.
    for (const socket of sockets) await socket.echo();

    const later = await gateway.stateWhen(
      'all hosts are compiled once the oldest workers have ended',
      ({ hosts }) => hosts.interpreted === 0 && (hosts.each ?? []).every(({ waitsFor }) => waitsFor === null),
      60_000,
    );
    expect(later.reloads).toBeGreaterThan(held.reloads);
    const lives = sockets.flatMap(({ life }) => life() ?? []);
    expect(lives.length).toBeGreaterThan(0);
    // A worker's time begins with the reload, which is after the connection.
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(TIMEOUT_S * 1000 - 100);
    expect(await census()).toBeLessThanOrEqual(WORKERS * GENERATIONS);
  },
);

const hostOf = (i: number): string => (i % 2 === 0 ? `new-${i}.example` : 'shop.example');
const pathOf = (i: number): string => (i % 2 === 0 ? '/' : `/path-${i}`);

/** By turns a new host, and a new path of a host that is compiled. */
function change(gateway: Gateway, i: number): Promise<void> {
  return gateway.put(
    `change-${i}.yaml`,
    ingress(`change-${i}`, { host: hostOf(i), path: pathOf(i), service: 'shop' }),
  );
}

interface Held {
  readonly echo: () => Promise<void>;
  /** Milliseconds from its start until it was closed; null while it is open. */
  readonly life: () => number | null;
}

async function hold(gateway: Gateway): Promise<Held> {
  const started = performance.now();
  let ended: number | null = null;
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.httpPort}/`, { headers: { host: 'shop.example' } });
  closeAfterTest(async () => socket.terminate());
  const got: string[] = [];
  socket.on('message', (data: Buffer) => got.push(data.toString('utf8')));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ended = performance.now() - started;
  });
  await eventually('the WebSocket is open', () => got.length === 1);
  return {
    async echo() {
      const before = got.length;
      socket.send('still there?');
      await eventually('the WebSocket echoes', () => got.length > before);
      expect(got.at(-1)).toBe('still there?');
    },
    life: () => ended,
  };
}

/** @returns a function that ends the count and says how many workers were seen at once at most. */
function countWorkers(gateway: Gateway): () => Promise<number> {
  let most = 0;
  let ended = false;
  const counting = (async () => {
    const [master = 0] = await gateway.proxy.masters();
    while (!ended) {
      const titles = await Promise.all((await childPids(master)).map(processTitle));
      most = Math.max(most, titles.filter((title) => title.startsWith('nginx: worker process')).length);
      await sleep(10);
    }
  })();
  closeAfterTest(async () => {
    ended = true;
    await counting;
  });
  return async () => {
    ended = true;
    await counting;
    return most;
  };
}
