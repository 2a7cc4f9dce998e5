// Writers in any order, on the real server: two of them, sends repeated and reordered, at once, cut off half-way, too
// big, garbled, and workers killed in the middle. Whatever happens: what is in force is one batch's world as a whole,
// what was acknowledged is never lost, and nothing older ever replaces something newer.

import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Batch, compareVersions, type Version } from '../../src/model/batch.ts';
import { type Document, documentKey } from '../../src/model/document.ts';
import { eventually } from '../support/eventually.ts';
import '../support/property-seed.ts';
import { signal } from '../support/processes.ts';
import { at, backend, delta, encode, full, host, route, settings } from './support/documents.ts';
import { type Answer, type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
afterEach(() => gateway?.close());

/** Of a batch that some writer makes. A writer that finds itself overtaken starts over with a higher epoch. */
const batchOf = fc.record({
  writer: fc.constantFrom(0, 1),
  form: fc.constantFrom('full', 'delta', 'delta', 'delta on an older base'),
  size: fc.integer({ min: 0, max: 60 }),
});
type Made = typeof batchOf extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('send' as const), made: batchOf }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('repeat' as const), which: fc.nat(50) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('race' as const),
      made: fc.array(batchOf, { minLength: 1, maxLength: 3 }),
      repeats: fc.array(fc.nat(50), { maxLength: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('cut off' as const),
      made: batchOf,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('garble' as const), made: batchOf, where: fc.nat(5000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('too big' as const), writer: fc.constantFrom(0, 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('kill' as const),
      made: batchOf,
      worker: fc.nat(1),
      after: fc.double({ min: 0, max: 6, noNaN: true }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test('two writers, and everything that can happen to what they send', async () => {
  gateway = await startGateway({ workers: 2, documentsSize: '1m' });
  let epoch = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      // Each run begins above what the one before has left.
      epoch += 1000;
      const world = createWorld(epoch);
      world.answered(world.first, await gateway.post(world.first));
      for (const each of steps) {
        await perform(each, world);
        // A killed worker is on its way out for a moment yet, and what it left is tidied up once it is dead.
        if (each.does === 'kill') await eventually('the state is whole again', () => isWhole(world));
        await expectWhole(world);
      }
      await expectServed(world);
    }),
    { numRuns: Number(process.env.INTERLEAVINGS_RUNS ?? 25), endOnFailure: true },
  );
}, 180_000);

async function perform(each: Step, world: World): Promise<void> {
  switch (each.does) {
    case 'send':
      return await sendAll([world.make(each.made)], world);
    case 'repeat':
      return await sendAll([world.former(each.which)], world);
    case 'race':
      return await sendAll(
        [...each.made.map((made) => world.make(made)), ...each.repeats.map(world.former)],
        world,
      );
    case 'cut off':
      return await cutOff(encode(world.make(each.made)), each.part);
    case 'garble': {
      const text = encode(world.make(each.made));
      const where = each.where % text.length;
      const other = text[where] === '7' ? '8' : '7';
      const answer = await gateway.post(`${text.slice(0, where)}${other}${text.slice(where + 1)}`);
      expect(answer).toMatchObject({ code: 400, status: { error: 'malformed' } });
      return;
    }
    case 'too big': {
      const many = Array.from({ length: 6000 }, (_, i) => backend(`too/big-${i}/80`, '10.0.0.1:80'));
      const batch = world.make({ writer: each.writer, form: 'full', size: 0 }, many);
      const answer = await gateway.post(batch);
      expect(answer.code).toBe(507);
      return;
    }
    case 'kill': {
      const sent = sendAll([world.make(each.made)], world, true);
      await sleep(each.after);
      const workers = await gateway.workers();
      signal(workers[each.worker % workers.length] ?? 0, 'SIGKILL');
      await sent;
      await eventually('two workers answer', async () => {
        const { status } = await gateway.get();
        return status.workers.length === 2;
      });
    }
  }
}

async function sendAll(batches: readonly Batch[], world: World, mayBreak = false): Promise<void> {
  await Promise.all(
    batches.map(async (batch) => {
      try {
        world.answered(batch, await gateway.post(batch));
      } catch (error) {
        // Its worker was killed: it may be in force or not, which the next look tells.
        if (!mayBreak) throw error;
      }
    }),
  );
}

async function cutOff(text: string, part: number): Promise<void> {
  const socket = connect(join(gateway.prefix, 'control/config.sock'));
  socket.on('error', () => undefined);
  const head = `POST /config HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
  const sent = text.slice(0, Math.floor(part * (text.length - 1)));
  await new Promise<void>((done) => socket.write(head + sent, () => done()));
  await sleep(5);
  socket.destroy();
}

/** What is in force is the whole of one batch that was sent, and none that is older than what was acknowledged. */
async function expectWhole(world: World): Promise<void> {
  const { inForce, listed } = await look();
  expect(compareVersions(inForce, world.acknowledged())).toBeGreaterThanOrEqual(0);
  expect(listed).toEqual(world.contentOf(inForce));
  world.looked(inForce);
}

async function isWhole(world: World): Promise<boolean> {
  const { inForce, listed } = await look();
  return isDeepStrictEqual(listed, world.contentOf(inForce));
}

async function look(): Promise<{ readonly inForce: Version; readonly listed: readonly string[] }> {
  const { status } = await eventually('a listing', async () => {
    const answer = await gateway.get('?documents');
    return answer.code === 200 ? answer : null;
  });
  return {
    inForce: at(status.epoch, status.generation),
    listed: (status.documents ?? []).map(({ kind, id, digest }) => `${kind}:${id} ${digest}`),
  };
}

/** And the workers serve by it: the host of the last batch is known, those of others are not. */
async function expectServed(world: World): Promise<void> {
  const { current, others } = world.hosts();
  for (let i = 0; i < 6; i += 1) {
    expect((await gateway.ask(current, '/')).status).toBe(503);
    for (const other of others.slice(-2)) expect((await gateway.ask(other, '/')).status).toBe(404);
  }
}

type World = ReturnType<typeof createWorld>;

function createWorld(base: number) {
  const contents = new Map<string, ReadonlyMap<string, Document>>();
  const sent: Batch[] = [];
  const writers = [0, 1].map((writer) => ({ epoch: base + writer, generation: 0 }));
  const first = full(at(base, 0), worldOf(base, 0, 3));
  let acknowledged = at(base, 0);
  let inForce = acknowledged;
  remember(first, new Map());

  function remember(batch: Batch, before: ReadonlyMap<string, Document>): Batch {
    const after = new Map(batch.type === 'full' ? [] : before);
    for (const document of batch.put) after.set(documentKey(document), document);
    for (const key of batch.remove) after.delete(key);
    contents.set(nameOf(batch.version), after);
    sent.push(batch);
    return batch;
  }

  function make({ writer, form, size }: Made, more: readonly Document[] = []): Batch {
    const own = writers[writer] ?? { epoch: 0, generation: 0 };
    if (compareVersions(own, inForce) < 0) {
      // As a controller does that is told of something newer.
      Object.assign(own, { epoch: inForce.epoch + 2 - ((inForce.epoch - base - writer) % 2), generation: 0 });
    }
    own.generation += 1;
    const version = at(own.epoch, own.generation);
    const documents = [...worldOf(own.epoch, own.generation, size), ...more];
    if (form === 'full') return remember(full(version, documents), new Map());
    const known = [...contents.keys()].map(versionOf);
    const older = known.filter((one) => compareVersions(one, inForce) < 0).at(-1);
    const follows = form === 'delta' ? inForce : (older ?? inForce);
    const before = contents.get(nameOf(follows)) ?? new Map<string, Document>();
    const keys = new Set(documents.map(documentKey));
    const remove = [...before.values()].map(documentKey).filter((key) => !keys.has(key));
    return remember(delta(follows, version, documents, remove), before);
  }

  return {
    first,
    make,
    former: (which: number): Batch => sent[which % sent.length] ?? first,
    answered(batch: Batch, { code, status }: Answer) {
      // 503: another batch is being applied. 409: overtaken. 200 of a repeat: it is in force already.
      expect(batch.put.length > 1000 ? [409, 503, 507] : [200, 409, 503]).toContain(code);
      if (code !== 200) return;
      expect(compareVersions(at(status.epoch, status.generation), batch.version)).toBeGreaterThanOrEqual(0);
      if (compareVersions(batch.version, acknowledged) > 0) acknowledged = batch.version;
    },
    acknowledged: () => acknowledged,
    looked(version: Version) {
      inForce = version;
      if (compareVersions(version, acknowledged) > 0) acknowledged = version;
    },
    contentOf(version: Version): readonly string[] {
      const content = contents.get(nameOf(version));
      if (content === undefined) throw new Error(`nobody sent ${nameOf(version)}`);
      return [...content.values()].map((one) => `${documentKey(one)} ${one.digest}`).sort();
    },
    hosts: () => ({
      current: hostOf(inForce),
      others: [...contents.keys()]
        .filter((name) => name !== nameOf(inForce))
        .map((name) => hostOf(versionOf(name))),
    }),
  };
}

/** Some documents of a small pool, with what tells this world from every other. */
function worldOf(epoch: number, generation: number, size: number): readonly Document[] {
  return [
    settings(),
    ...Array.from({ length: size }, (_, i) =>
      backend(`ns/service-${(i + generation) % 80}/80`, `10.0.${generation % 256}.${i % 3}:80`),
    ),
    route('r', 'ns/nobody/80', { denied: 'nothing is behind it' }),
    host(hostOf(at(epoch, generation)), { '/': 'r' }),
  ];
}

const hostOf = ({ epoch, generation }: Version): string => `e${epoch}-g${generation}.test`;
const nameOf = ({ epoch, generation }: Version): string => `${epoch}.${generation}`;

function versionOf(name: string): Version {
  const [epoch = 0, generation = 0] = name.split('.').map(Number);
  return at(epoch, generation);
}
