// The lane of documents against a real nginx with our Lua: publish, restart, upgrade, refusal, loss.
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Document } from '../../src/model/document.ts';
import { LAYOUT } from '../../src/model/runtime.ts';
import { isServing, liveMasters } from '../../src/nginx/processes.ts';
import { createConfigClient } from '../../src/nginx/publish/config-client.ts';
import { createPublisher, type Publisher } from '../../src/nginx/publish/publisher.ts';
import { survey } from '../../src/nginx/publish/reach.ts';
import { type Sighting, watchNginx } from '../../src/nginx/publish/watch.ts';
import { openState, type State } from '../../src/nginx/state/open-state.ts';
import { backend, host, makeDocument, route, settings } from '../lua/support/documents.ts';
import { type Gateway, startGateway } from '../lua/support/gateway.ts';
import { eventually } from '../support/eventually.ts';
import { signal as send } from '../support/processes.ts';

interface Controller {
  readonly state: State;
  readonly publisher: Publisher;
  readonly said: string[];
  readonly sightings: Sighting[];
  readonly reach: Parameters<typeof survey>[0];
  readonly watch: () => void;
  readonly end: () => Promise<void>;
}

const world = [settings(), backend('b', '127.0.0.1:9'), route('r', 'b'), host('shop.test', { '/': 'r' })];
let gateway: Gateway;
let controllers: Controller[] = [];

async function begin(documentsSize = '4m'): Promise<void> {
  gateway = await startGateway({ documentsSize });
  // The gateway of the tests keeps its pid file elsewhere.
  for (const ending of ['', '.oldbin']) {
    await symlink(
      join(gateway.prefix, `logs/nginx.pid${ending}`),
      join(gateway.prefix, `${LAYOUT.pid}${ending}`),
    );
  }
}

async function controller(): Promise<Controller> {
  const { prefix } = gateway;
  const opened = await openState(prefix);
  if (opened.outcome !== 'open') throw new Error(opened.message);
  const ending = new AbortController();
  const { signal } = ending;
  const said: string[] = [];
  const note = (_fields: object, message: string) => void said.push(message);
  const client = createConfigClient({ socketPath: join(prefix, LAYOUT.controlSocket), signal });
  const reach = { client, masters: () => liveMasters(prefix), signal };
  const publisher = createPublisher({ ...reach, state: opened.state, log: { info: note, warn: note } });
  const sightings: Sighting[] = [];
  let watching = Promise.resolve();
  const one: Controller = {
    state: opened.state,
    publisher,
    said,
    sightings,
    reach,
    watch: () => {
      const onSighting = (sighting: Sighting) => void sightings.push(sighting);
      watching = watchNginx({ ...reach, prefix, publisher, onSighting, interval: 50 });
    },
    end: async () => {
      ending.abort();
      await watching;
      await publisher.idle();
      await opened.state.close();
      controllers = controllers.filter((other) => other !== one);
    },
  };
  controllers.push(one);
  return one;
}

async function publishWorld(publisher: Publisher, put: readonly Document[] = world): Promise<void> {
  expect(await publisher.publish({ put, remove: [] })).toEqual({ outcome: 'in-force' });
}

async function live() {
  const { status } = await gateway.get();
  return { epoch: status.epoch, generation: status.generation, state: status.state };
}

function accepted(publisher: Publisher) {
  return { ...publisher.version(), state: publisher.state() };
}

describe('publishing to a real nginx', () => {
  beforeEach(() => begin());
  afterEach(async () => {
    for (const one of controllers) await one.end();
    await gateway.close();
  });

  test('the first change is everything, the next ones are deltas, each in force when it returns', async () => {
    const { publisher, said } = await controller();
    expect((await publisher.recover()).found).toBe('same');
    await publishWorld(publisher);
    expect(await live()).toEqual(accepted(publisher));
    expect((await gateway.ask('shop.test', '/')).status).toBe(502);
    for (let i = 1; i <= 20; i += 1) {
      await publishWorld(publisher, [backend('b', `127.0.0.1:${i}`)]);
      expect(await live()).toEqual(accepted(publisher));
    }
    expect(await publisher.publish({ put: [backend('b')], remove: ['host:shop.test'] })).toEqual({
      outcome: 'in-force',
    });
    expect((await gateway.ask('shop.test', '/')).status).toBe(404);
    expect(publisher.version()).toEqual({ epoch: 1, generation: 22 });
    expect(said).toEqual([]);
  });

  test('changes published at once are put in force one after the other', async () => {
    const { publisher, said } = await controller();
    await publishWorld(publisher);
    const put = Array.from({ length: 10 }, (_, index) => backend(`b${index}`, '127.0.0.1:9'));
    const outcomes = await Promise.all(put.map((one) => publisher.publish({ put: [one], remove: [] })));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['in-force']));
    expect(await live()).toEqual(accepted(publisher));
    expect(said).toEqual([]);
  });

  test('a controller that starts again on an unchanged world sends nothing', async () => {
    const first = await controller();
    await publishWorld(first.publisher);
    const before = await live();
    await first.end();
    const second = await controller();
    expect((await second.publisher.recover()).found).toBe('same');
    second.watch();
    expect(await second.publisher.ensure()).toEqual({ outcome: 'in-force' });
    await eventually('some looks', () => second.sightings.length > 3);
    expect(second.sightings.at(-1)).toMatchObject({ up: true, inForce: true, trouble: null });
    expect(await live()).toEqual(before);
    await publishWorld(second.publisher, [backend('b', '127.0.0.1:10')]);
    expect(await live()).toMatchObject({ epoch: 2, generation: 1 });
    expect(second.said).toEqual([]);
  });

  test('killed between disk and push: the watch of the next controller sends it', async () => {
    const first = await controller();
    await publishWorld(first.publisher);
    const base = first.publisher.version();
    const version = { ...base, generation: base.generation + 1 };
    await first.state.documents.append({
      type: 'delta',
      version,
      base,
      state: 'ab',
      put: [backend('late', '127.0.0.1:9')],
      remove: [],
    });
    await first.end();
    const second = await controller();
    expect((await second.publisher.recover()).found).toBe('behind');
    second.watch();
    await eventually('the disk is in force', async () => (await live()).state === second.publisher.state());
    expect(second.publisher.documents.has('backend:late')).toBe(true);
  });

  test('while nginx is down changes are accepted; its start loads them, and nothing is sent again', async () => {
    const { publisher, sightings, watch, said } = await controller();
    await publishWorld(publisher);
    watch();
    await gateway.kill();
    const down = await publisher.publish({ put: [backend('b', '127.0.0.1:10')], remove: [] });
    expect(down).toMatchObject({ outcome: 'accepted', message: expect.any(String) });
    await eventually('it is seen that nginx is down', () => sightings.at(-1)?.up === false);
    await gateway.start();
    expect(await live()).toEqual(accepted(publisher));
    await eventually('it is seen that nginx is up', () => sightings.at(-1)?.inForce === true);
    expect(said).toEqual([]);
  });

  test('an nginx that starts without its documents is given all of them', async () => {
    const { publisher, watch, said } = await controller();
    await publishWorld(publisher);
    watch();
    await gateway.kill();
    const folder = join(gateway.prefix, LAYOUT.documents);
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'rubbish');
    await gateway.start();
    await eventually('everything is in force', async () => (await live()).state === publisher.state());
    expect(said).toContain('publishing all documents');
    // What was garbled is whole again: the next start needs no controller.
    await gateway.kill();
    await gateway.start();
    expect(await live()).toEqual(accepted(publisher));
  });

  test('a delta that cannot follow becomes everything, under a fresh version', async () => {
    const { publisher, said } = await controller();
    await publishWorld(publisher);
    await gateway.kill();
    await rename(join(gateway.prefix, LAYOUT.documents), join(gateway.prefix, 'aside'));
    await gateway.start();
    await rename(join(gateway.prefix, 'aside'), join(gateway.prefix, LAYOUT.documents));
    expect((await live()).epoch).toBe(0);
    await publishWorld(publisher, [backend('b', '127.0.0.1:10')]);
    expect(await live()).toEqual(accepted(publisher));
    expect(publisher.version()).toEqual({ epoch: 1, generation: 3 });
    expect(said).toEqual(['publishing all documents']);
  });

  test('reloads amid publishing do not matter', async () => {
    const { publisher, said } = await controller();
    await publishWorld(publisher);
    for (let i = 1; i <= 60; i += 1) {
      if (i % 20 === 10) await gateway.hup();
      await publishWorld(publisher, [backend('b', `127.0.0.1:${i}`)]);
      expect(await live()).toEqual(accepted(publisher));
    }
    expect(said).toEqual([]);
  });

  test('during a hot upgrade a change is in force only when both masters have it', async () => {
    const { publisher, reach, watch } = await controller();
    await publishWorld(publisher);
    watch();
    const [old] = await liveMasters(gateway.prefix);
    if (old === undefined) throw new Error('no master');
    send(old.pid, 'SIGUSR2');
    await eventually(
      'two masters serve',
      async () => (await liveMasters(gateway.prefix)).filter(isServing).length === 2,
    );
    for (let i = 1; i <= 10; i += 1) {
      await publishWorld(publisher, [backend('b', `127.0.0.1:${i}`)]);
      const { statuses, trouble } = await survey(reach);
      expect(trouble).toBeNull();
      expect(new Set(statuses.map((status) => status.instance.master)).size).toBe(2);
      expect(new Set(statuses.map((status) => status.state))).toEqual(new Set([publisher.state()]));
    }
    send(old.pid, 'SIGQUIT');
    await eventually('the old one is gone', async () => (await liveMasters(gateway.prefix)).length === 1);
    await publishWorld(publisher, [backend('b', '127.0.0.1:99')]);
    expect(await live()).toEqual(accepted(publisher));
  });

  test('what nginx does not take is refused and undone, on disk too, and the next delta follows', async () => {
    const { publisher, said } = await controller();
    await publishWorld(publisher);
    const before = { state: publisher.state(), documents: [...publisher.documents.keys()] };
    const odd = makeDocument('backend', 'odd', { algorithm: 'guess', endpoints: [] });
    const refused = await publisher.publish({ put: [backend('b'), odd], remove: ['host:shop.test'] });
    expect(refused).toMatchObject({
      outcome: 'refused',
      code: 'malformed',
      message: expect.stringContaining('algorithm'),
    });
    expect(publisher.state()).toBe(before.state);
    expect([...publisher.documents.keys()].sort()).toEqual(before.documents.sort());
    expect(await live()).toEqual(accepted(publisher));
    await publishWorld(publisher, [backend('b', '127.0.0.1:10')]);
    expect(said).toEqual([]);
    await gateway.kill();
    await gateway.start();
    expect(await live()).toEqual(accepted(publisher));
    expect((await gateway.get()).status.loaded).toEqual([]);
  });

  test('with the state lost, nothing is taken from a live nginx before there is a whole world', async () => {
    const first = await controller();
    await publishWorld(first.publisher);
    await first.end();
    const before = await live();
    await rm(join(gateway.prefix, 'state'), { recursive: true });
    const second = await controller();
    const recovery = await second.publisher.recover();
    expect(recovery.found).toBe('newer');
    expect(recovery.documents.size).toBe(0);
    second.watch();
    await eventually('some looks', () => second.sightings.length > 3);
    expect(await second.publisher.ensure()).toMatchObject({ outcome: 'accepted' });
    expect(await live()).toEqual(before);
    expect(
      (
        await second.publisher.publish({
          put: [makeDocument('backend', 'odd', { algorithm: 'guess', endpoints: [] })],
          remove: [],
        })
      ).outcome,
    ).toBe('refused');
    expect(await live()).toEqual(before);
    await publishWorld(second.publisher);
    expect(await live()).toEqual(accepted(second.publisher));
    expect(second.publisher.version().epoch).toBeGreaterThan(before.epoch);
  });

  test('a disk that cannot be written refuses the change before anybody sees it', async () => {
    const { publisher, state } = await controller();
    const folder = join(gateway.prefix, LAYOUT.documents);
    await rm(folder, { recursive: true });
    await writeFile(folder, 'in the way');
    expect(await publisher.publish({ put: world, remove: [] })).toMatchObject({
      outcome: 'refused',
      code: 'disk',
    });
    expect((await live()).epoch).toBe(0);
    await rm(folder);
    await mkdir(folder);
    await publishWorld(publisher);
    expect(await readFile(join(folder, '000001.snapshot'), 'utf8')).toContain('"type":"full"');
    expect(state.documents.version()).toEqual({ epoch: 1, generation: 1 });
  });
});

describe('an nginx with little memory', () => {
  beforeEach(() => begin('128k'));
  afterEach(async () => {
    for (const one of controllers) await one.end();
    await gateway.close();
  });

  test('says what it lacks; what was in force stays, and what fits goes on as deltas', async () => {
    const { publisher, said } = await controller();
    await publishWorld(publisher);
    const before = publisher.state();
    const many = Array.from({ length: 300 }, (_, index) =>
      backend(`b${index}`, '127.0.0.1:9', '127.0.0.1:10'),
    );
    const refused = await publisher.publish({ put: many, remove: [] });
    expect(refused).toMatchObject({
      outcome: 'refused',
      code: 'full',
      hint: expect.stringContaining('--documents-size'),
    });
    expect(publisher.state()).toBe(before);
    expect(await live()).toEqual(accepted(publisher));
    await publishWorld(publisher, [backend('b', '127.0.0.1:10')]);
    expect(await live()).toEqual(accepted(publisher));
    expect(said).toEqual([]);
  });
});
