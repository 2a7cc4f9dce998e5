// POST and GET /config on the real server: what is accepted, what is refused, and that refusals change nothing.

import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { signal } from '../support/processes.ts';
import {
  at,
  backend,
  certificate,
  delta,
  encode,
  full,
  host,
  makeDocument,
  route,
  seal,
  settings,
} from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
afterEach(() => gateway?.close());

const world = [
  settings(),
  backend('default/shop/80', '127.0.0.1:1'),
  route('r1', 'default/shop/80'),
  host('shop.test', { '/': 'r1' }),
];

test('a full batch, its repeat, a delta on it, and what does not follow', async () => {
  gateway = await startGateway();
  const before = await gateway.get();
  expect(before.status).toMatchObject({ v: 1, epoch: 0, generation: 0, files: 'f1', loaded: [] });
  expect(before.status.instance.id).toMatch(/^[0-9a-f]{32}$/);
  expect(await gateway.masters()).toContain(before.status.instance.master);

  const first = full(at(1, 1), world);
  expect(await gateway.post(first)).toMatchObject({
    code: 200,
    status: { applied: true, epoch: 1, generation: 1, state: first.state },
  });
  expect(await gateway.post(first)).toMatchObject({ code: 200, status: { applied: false } });
  expect(await gateway.post(full(at(1, 0), []))).toMatchObject({ code: 409, status: { error: 'stale' } });
  expect(await gateway.post(delta(at(1, 9), at(1, 10), []))).toMatchObject({
    code: 409,
    status: { error: 'base', epoch: 1, generation: 1 },
  });
  const next = delta(at(1, 1), at(1, 2), [backend('b2')], ['host:shop.test', 'route:r1']);
  expect(await gateway.post(next)).toMatchObject({ code: 200, status: { applied: true, generation: 2 } });
  const { status } = await gateway.get('?documents');
  expect(status.documents?.map(({ kind, id }) => `${kind}:${id}`).sort()).toEqual([
    'backend:b2',
    'backend:default/shop/80',
    'settings:global',
  ]);
  expect(status.documents).toContainEqual({ kind: 'backend', id: 'b2', digest: backend('b2').digest });
});

test('an id may be as long as the names of objects can be', async () => {
  gateway = await startGateway();
  const id = `${'n'.repeat(63)}/${'s'.repeat(253)}`;
  const identity = makeDocument('identity', id, { chain: 'chain', key: 'key' });
  const shown = certificate(id, { chain: 'chain', key: 'key' });
  const all = [...world, shown, identity, backend(`${id}/65535`, '127.0.0.1:1')];
  expect(await gateway.post(full(at(1, 1), all))).toMatchObject({ code: 200, status: { applied: true } });
});

test('a full batch removes what is not in it, and leaves what is the same alone', async () => {
  gateway = await startGateway();
  await gateway.post(full(at(1, 1), world));
  await gateway.post(full(at(2, 0), [settings(), backend('default/shop/80', '127.0.0.1:2')]));
  const { status } = await gateway.get('?documents');
  expect(status).toMatchObject({ epoch: 2, generation: 0 });
  expect(status.documents).toHaveLength(2);
});

const line = (changes: object) => JSON.stringify({ ...JSON.parse(backend('b').line), ...changes });
const header = (changes: object = {}) =>
  JSON.stringify({
    v: 1,
    type: 'full',
    epoch: 1,
    generation: 5,
    documents: 1,
    removals: 0,
    state: 'ab',
    ...changes,
  });

test.each([
  ['nothing', ''],
  ['no batch', 'hello\n'],
  ['half a batch', encode(full(at(1, 5), world)).slice(0, 300)],
  ['no trailer', encode(full(at(1, 5), world)).replace(/\{"end".*\n$/, '')],
  ['a garbled byte', encode(full(at(1, 5), world)).replace('127.0.0.1', '127.0.0.2')],
  ['bytes behind the trailer', `${encode(full(at(1, 5), world))}{}\n`],
  ['an unknown v', seal([header({ v: 2 }), line({})])],
  ['an unknown type', seal([header({ type: 'half' }), line({})])],
  ['a delta without a base', seal([header({ type: 'delta' }), line({})])],
  ['an unknown field of the header', seal([header({ more: 1 }), line({})])],
  ['a document too few', seal([header({ documents: 2 }), line({})])],
  ['a document too many', seal([header(), line({}), line({ id: 'c' })])],
  ['a document twice', seal([header({ documents: 2 }), line({}), line({})])],
  ['an unknown v of a document', seal([header(), line({ v: 2 })])],
  ['an unknown kind', seal([header(), line({ kind: 'plugin' })])],
  ['an unknown field of a document', seal([header(), line({ more: 1 })])],
  [
    'an unknown field of a body',
    seal([header(), line({ body: { algorithm: 'round_robin', endpoints: [], x: 1 } })]),
  ],
  [
    'a wrong type in a body',
    seal([header(), line({ body: { algorithm: 'round_robin', endpoints: 'none' } })]),
  ],
  ['an unknown algorithm', seal([header(), line({ body: { algorithm: 'guess', endpoints: [] } })])],
  ['a missing field', seal([header(), line({ body: { endpoints: [] } })])],
  ['null in a body', seal([header(), line({ body: null })])],
  ['an id with a newline', seal([header(), line({ id: 'a\nb' })])],
  ['an id that is too long', seal([header(), line({ id: 'a'.repeat(401) })])],
  ['an id that looks like a versioned key', seal([header(), line({ id: `a#${'0'.repeat(40)}` })])],
  ['a document that is no JSON', seal([header(), '{"body":'])],
])('refused as malformed: %s', async (_, text) => {
  gateway = await startGateway({ workers: 1 });
  await gateway.post(full(at(1, 1), world));
  const answer = await gateway.post(text);
  expect(answer).toMatchObject({ code: 400, status: { error: 'malformed' } });
  expect(await gateway.get()).toMatchObject({ code: 200, status: { epoch: 1, generation: 1 } });
  expect((await gateway.get('?documents')).status.documents).toHaveLength(world.length);
});

test('other methods are refused, and messages hold no value of a document', async () => {
  gateway = await startGateway({ workers: 1 });
  const socketPath = join(gateway.prefix, 'control/config.sock');
  expect((await gateway.ask('x', '/config', { socketPath, method: 'DELETE' })).status).toBe(405);
  const secret = 'SECRET-TEXT';
  const bad = JSON.stringify({
    ...JSON.parse(line({ kind: 'certificate' })),
    body: { chain: secret, key: 7 },
  });
  const answer = await gateway.post(seal([header(), bad]));
  expect(answer.status.error).toBe('malformed');
  expect(JSON.stringify(answer)).not.toContain(secret);
  expect(await gateway.errorLog()).not.toContain(secret);
});

test('a batch bigger than the buffer for bodies comes from a file', async () => {
  gateway = await startGateway({ documentsSize: '32m' });
  const many = Array.from({ length: 5000 }, (_, i) =>
    backend(`ns/service-${i}/80`, '10.0.0.1:80', '10.0.0.2:80'),
  );
  expect(await gateway.post(full(at(1, 1), many))).toMatchObject({ code: 200, status: { applied: true } });
  expect((await gateway.get('?documents')).status.documents).toHaveLength(5000);
  // A pause that nginx complains about is one line of log for every 500 documents.
  expect(await gateway.errorLog()).not.toContain('ngx.sleep');
});

test('half a body and a closed connection change nothing', async () => {
  gateway = await startGateway({ workers: 1 });
  const text = encode(full(at(1, 1), world));
  const socket = connect(join(gateway.prefix, 'control/config.sock'));
  socket.write(
    `POST /config HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text.slice(0, 200)}`,
  );
  await new Promise((done) => setTimeout(done, 50));
  socket.destroy();
  expect(await gateway.post(full(at(1, 1), world))).toMatchObject({ status: { applied: true } });
});

test('a dict that is full: 507 with the numbers, and everything as before', async () => {
  gateway = await startGateway({ documentsSize: '512k' });
  await gateway.post(full(at(1, 1), world));
  const before = await gateway.get('?documents');
  const many = Array.from({ length: 3000 }, (_, i) => backend(`ns/service-${i}/80`, '10.0.0.1:80'));
  const answer = await gateway.post(delta(at(1, 1), at(1, 2), many));
  expect(answer).toMatchObject({ code: 507, status: { error: 'full', epoch: 1, generation: 1 } });
  expect(answer.status.needed).toBeGreaterThan(answer.status.free ?? 0);
  expect((await gateway.get('?documents')).status.documents).toEqual(before.status.documents);
  const small = delta(at(1, 1), at(1, 2), many.slice(0, 10));
  expect(await gateway.post(small)).toMatchObject({ code: 200, status: { applied: true } });
});

test('room that is free but in pieces: 507 after the fact, and what was staged is taken back', async () => {
  gateway = await startGateway({ documentsSize: '1m' });
  const sized = (i: number, endpoints: number) =>
    backend(`b${i}`, ...Array.from({ length: endpoints }, (_, n) => `10.${i}.${n >> 8}.${n & 255}:8080`));
  const pages = Array.from({ length: 225 }, (_, i) => sized(i, 70));
  expect(await gateway.post(full(at(1, 1), pages))).toMatchObject({ code: 200 });
  const odd = pages.filter((_, i) => i % 2 === 1).map(({ id }) => `backend:${id}` as const);
  expect(await gateway.post(delta(at(1, 1), at(1, 2), [], odd))).toMatchObject({ code: 200 });
  const before = await gateway.get('?documents');
  const big = [settings(), sized(200, 3000)];
  const answer = await gateway.post(delta(at(1, 2), at(1, 3), big));
  expect(answer).toMatchObject({ code: 507, status: { error: 'full', generation: 2 } });
  expect(answer.status.needed).toBeLessThan(answer.status.free ?? 0);
  expect((await gateway.get('?documents')).status.documents).toEqual(before.status.documents);
  expect(await gateway.post(delta(at(1, 2), at(1, 3), [settings()]))).toMatchObject({ code: 200 });
});

test('filled to the brim in small steps, nothing that was accepted is ever evicted', async () => {
  gateway = await startGateway({ documentsSize: '256k', workers: 1 });
  let generation = 1;
  let accepted = 0;
  await gateway.post(full(at(1, 1), world));
  for (let i = 0; i < 400; i++) {
    const answer = await gateway.post(
      delta(at(1, generation), at(1, generation + 1), [backend(`ns/service-${i}/80`, '10.0.0.1:80')]),
    );
    if (answer.code === 507) break;
    expect(answer.code).toBe(200);
    generation += 1;
    accepted += 1;
  }
  expect(accepted).toBeGreaterThan(50);
  expect(accepted).toBeLessThan(400);
  expect((await gateway.get('?documents')).status.documents).toHaveLength(world.length + accepted);
});

test('of concurrent posts exactly one is applied, and the others are told', async () => {
  gateway = await startGateway({ documentsSize: '32m' });
  await gateway.post(full(at(1, 1), world));
  const many = Array.from({ length: 2000 }, (_, i) => backend(`ns/service-${i}/80`, '10.0.0.1:80'));
  const answers = await Promise.all(
    [0, 1, 2, 3].map((n) => gateway.post(delta(at(1, 1), at(1, 2 + n), many.slice(n)))),
  );
  const codes = answers.map((answer) => answer.code);
  expect(codes.filter((code) => code === 200)).toHaveLength(1);
  expect(codes.filter((code) => code !== 200).every((code) => code === 503 || code === 409)).toBe(true);
});

test('every worker says what it has adopted; a new worker and a killed one are told apart', async () => {
  gateway = await startGateway({ workers: 3 });
  await gateway.post(full(at(4, 7), world));
  const adopted = await eventually('all workers adopted', async () => {
    const { status } = await gateway.get();
    return status.workers.length === 3 && status.workers.every((w) => w.generation === 7) ? status : null;
  });
  expect(adopted.workers.map((worker) => worker.pid)).toEqual(
    [...(await gateway.workers())].sort((a, b) => a - b),
  );
  const [victim = 0] = await gateway.workers();
  signal(victim, 'SIGKILL');
  await eventually('another worker took its place', async () => {
    const { status } = await gateway.get();
    const pids = status.workers.map((worker) => worker.pid);
    return pids.length === 3 && !pids.includes(victim) && status.workers.every((w) => w.epoch === 4);
  });
});
