// Candidates that are processes of their own, with real clocks and signals.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../../../support/eventually.ts';
import { type ApiServer, type Json, startApiServer } from './support/api-server.ts';
import { writeKubeconfig } from './support/open-test-cluster.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/ingress/leases/ingress-controller-leader';
const PROGRAM = join(import.meta.dirname, 'support/candidate.ts');
const TTL = 2_000;

let api: ApiServer;
let children: ChildProcess[];
let removals: (() => Promise<void>)[];

beforeEach(async () => {
  api = await startApiServer();
  children = [];
  removals = [];
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const remove of removals) await remove();
  await api.close();
});

async function candidate(identity: string) {
  const { file, remove } = await writeKubeconfig(api.port, identity);
  removals.push(remove);
  const child = spawn(process.execPath, [PROGRAM, file, identity, String(TTL)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  return { child, leading: () => said.at(-1) === 'leading', said };
}

const holder = () => (api.objects.get(PATH)?.spec as Json | undefined)?.holderIdentity;

test('SIGTERM gives the lease to the other at once; SIGKILL after its time; a stopped leader has lost it', async () => {
  const a = await candidate('a');
  await eventually('a leads', a.leading);
  const b = await candidate('b');
  await eventually(
    'b takes part',
    () => api.seen.some(({ method }) => method === 'GET') && api.seen.length > 8,
  );
  expect([a.leading(), b.leading()]).toEqual([true, false]);

  a.child.kill('SIGTERM');
  const [code] = await once(a.child, 'exit');
  expect(code).toBe(0);
  expect(a.said).toEqual(['leading', 'not leading']);
  await eventually('b leads', b.leading);

  const c = await candidate('c');
  // Stopped for longer than the time, then going on: it must find out before it says anything as leader.
  b.child.kill('SIGSTOP');
  await eventually('c leads', c.leading);
  b.child.kill('SIGCONT');
  await eventually('b knows', () => !b.leading());
  expect(holder()).toBe('c');

  c.child.kill('SIGKILL');
  await eventually('b leads again', b.leading);
  expect(holder()).toBe('b');
});
