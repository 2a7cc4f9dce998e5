import { describe, expect, test } from '@jest/globals';
import type { CompileOutcome } from '../../../src/model/outcome.ts';
import type { RenderedFiles } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { TemplateFailure } from '../../../src/render/template-error.ts';
import { eventually } from '../../support/eventually.ts';
import { builtInRender, snapshotOf, startLoop } from './world.ts';

describe('the two lanes', () => {
  test('an endpoint is pushed while a compile hangs, and files are compiled once', async () => {
    let finish = () => {};
    const hanging = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const loop = await startLoop({
      compile: async () => {
        await hanging;
        return { outcome: 'proven', durationMs: 5, notes: [] };
      },
    });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
    await eventually('the compile has started', () => loop.compiled.length === 1);
    expect(loop.report.facts().caughtUp).toBe(false);
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1', '10.0.0.2'] }));
    await eventually('the endpoint is pushed', () => loop.changes.length === 2);
    expect(loop.changes[1]?.put.map((document) => document.kind)).toEqual(['backend']);
    finish();
    await eventually('caught up', () => loop.report.facts().caughtUp);
    expect(loop.compiled).toHaveLength(1);
    expect(loop.report.facts()).toMatchObject({ reloads: 1, pushes: 2 });
    loop.stop();
  });

  test('documents that are refused hold back the files that name them, and are tried again', async () => {
    let refusals = 0;
    const loop = await startLoop({
      publish: async () => {
        if (refusals++ > 0) return { outcome: 'in-force' };
        return { outcome: 'refused', code: 'full', message: 'needs 10 bytes', hint: 'raise it' };
      },
    });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
    await eventually('the refusal is told', () =>
      loop.report.facts().diagnostics.some(({ code }) => code === 'push-full'),
    );
    expect(loop.compiled).toHaveLength(0);
    await eventually('the second try is taken', () => loop.report.facts().caughtUp);
    expect(loop.compiled).toHaveLength(1);
    expect(loop.report.facts().diagnostics.filter(({ code }) => code === 'push-full')).toEqual([]);
    loop.stop();
  });
});

test('documents for which there is no room wait for the files that make room, which do not wait for them', async () => {
  let full = false;
  const loop = await startLoop({
    publish: async () =>
      full
        ? { outcome: 'refused', code: 'full', message: 'needs 10 bytes', hint: 'raise it' }
        : { outcome: 'in-force' },
    compile: async () => {
      full = false;
      return { outcome: 'proven', durationMs: 1, notes: [] };
    },
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('caught up', () => loop.report.facts().caughtUp);
  full = true;
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1', '10.0.0.2'] }));
  await eventually('the refusal is told', () => loop.report.facts().diagnostics.length > 0);
  expect(loop.compiled).toHaveLength(1);
  loop.reconciler.useRender(await builtInRender(2 * 1024 * 1024));
  await eventually('caught up again', () => loop.report.facts().caughtUp);
  expect(loop.compiled).toHaveLength(2);
  expect(loop.report.facts().diagnostics).toEqual([]);
  loop.stop();
});

test('an nginx that answers but cannot be proven is not asked without pause', async () => {
  let confirms = 0;
  const loop = await startLoop({
    compile: async () => ({ outcome: 'written', message: 'no nginx of this prefix runs' }),
    confirm: async () => {
      confirms += 1;
      return { outcome: 'written', message: 'no nginx of this prefix runs' };
    },
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('it is asked', () => confirms > 0);
  for (let i = 0; i < 20; i += 1) {
    loop.reconciler.kick();
    await loop.reconciler.idle();
  }
  expect(confirms).toBe(1);
  loop.stop();
});

test('a first start puts files without hosts in force, and compiles the hosts when nginx runs them', async () => {
  let running = false;
  let confirms = 0;
  const loop = await startLoop({
    compile: async () =>
      running
        ? { outcome: 'proven', durationMs: 1, notes: [] }
        : { outcome: 'written', message: 'no nginx of this prefix runs' },
    confirm: async () => {
      confirms += 1;
      return { outcome: 'proven', durationMs: 1, notes: [] };
    },
    isRunning: () => running,
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('caught up', () => loop.report.facts().caughtUp);
  expect(loop.changes).toHaveLength(1);
  for (let i = 0; i < 5; i += 1) {
    loop.reconciler.kick();
    await loop.reconciler.idle();
  }
  expect(loop.compiled.map(({ compiled }) => [...compiled.keys()])).toEqual([[]]);
  expect(loop.report.hosts()).toEqual([
    { host: 'a.example', state: 'interpreted', waitsFor: 'compiled once nginx has started' },
  ]);
  expect(loop.report.facts().reloadToCome).toBe(true);
  running = true;
  loop.reconciler.kick();
  await eventually('it is compiled', () => loop.report.facts().hosts.compiled === 1);
  expect(loop.report.facts()).toMatchObject({ caughtUp: true, reloadToCome: false });
  expect(confirms).toBe(1);
  expect(loop.compiled.map(({ compiled }) => [...compiled.keys()])).toEqual([[], ['a.example']]);
  expect(loop.changes).toHaveLength(1);
  loop.stop();
});

test('a start after which nothing is compiled expects no reload', async () => {
  let running = false;
  const loop = await startLoop({
    mode: 'never',
    compile: async () => ({ outcome: 'written', message: 'no nginx of this prefix runs' }),
    isRunning: () => running,
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('caught up', () => loop.report.facts().caughtUp);
  running = true;
  loop.reconciler.kick();
  await eventually('nothing is to come', () => !loop.report.facts().reloadToCome);
  expect(loop.compiled).toHaveLength(1);
  loop.stop();
});

test('beside an nginx that runs already the first files have the hosts: one reload, not two', async () => {
  const loop = await startLoop({});
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('caught up', () => loop.report.facts().caughtUp);
  expect(loop.report.facts().reloadToCome).toBe(false);
  expect(loop.compiled.map(({ compiled }) => [...compiled.keys()])).toEqual([['a.example']]);
  loop.stop();
});

describe('refused files', () => {
  test('a host whose text nginx refuses is interpreted, the others are compiled', async () => {
    const loop = await startLoop({
      compile: async (files) => {
        const bad = files.lines.find(({ host }) => host === 'bad.example');
        if (bad === undefined) return { outcome: 'proven', durationMs: 1, notes: [] };
        return { outcome: 'invalid', message: 'no', file: LAYOUT.config, line: bad.first + 1, ours: true };
      },
    });
    loop.reconciler.offer(snapshotOf({ 'bad.example': ['10.0.0.1'], 'good.example': ['10.0.0.2'] }));
    await eventually('caught up', () => loop.report.facts().caughtUp);
    expect([...(loop.compiled.at(-1)?.compiled.keys() ?? [])]).toEqual(['good.example']);
    expect(loop.report.facts().hosts).toEqual({ compiled: 1, interpreted: 1 });
    loop.stop();
  });

  test('a file of the operator is named, and endpoints go on', async () => {
    const loop = await startLoop({
      compile: async () => ({
        outcome: 'invalid',
        message: 'a duplicate default server',
        file: '/etc/own.conf',
        line: 3,
        ours: false,
      }),
    });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
    await eventually('it is told', () => loop.report.facts().diagnostics.length > 0);
    expect(loop.report.facts().diagnostics[0]).toMatchObject({
      code: 'nginx-test-failed',
      object: 'File//etc/own.conf',
      field: '3',
    });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.9'] }));
    await eventually('the endpoint is pushed', () => loop.changes.length === 2);
    expect(loop.compiled).toHaveLength(1);
    loop.stop();
  });
});

test('what was refused is tried again although something else wakes the loop before that', async () => {
  const loop = await startLoop({
    quiet: 300,
    compile: async () =>
      loop.compiled.length > 1
        ? { outcome: 'proven', durationMs: 1, notes: [] }
        : { outcome: 'failed', message: 'no room' },
  });
  const both = snapshotOf({ 'a.example': ['10.0.0.1'], 'b.example': ['10.0.0.1'] });
  const alone = {
    ...both,
    ingresses: new Map([...both.ingresses].filter(([name]) => name === 'default/a-example')),
  };
  loop.reconciler.offer(alone);
  await eventually('it has failed', () => loop.report.facts().diagnostics.length > 0);
  // Its quiet time would end before the pause after the failure does, and for that the loop is woken.
  loop.reconciler.offer(both);
  await loop.reconciler.idle();
  loop.reconciler.offer(alone);
  await loop.reconciler.idle();
  expect(loop.compiled).toHaveLength(1);
  await eventually('it is tried again', () => loop.compiled.length > 1);
  await eventually('caught up', () => loop.report.facts().caughtUp);
  loop.stop();
});

test('files that were live for a moment count as a reload: workers drain twice for them', async () => {
  const loop = await startLoop({
    interval: 60_000,
    draining: () => (loop.compiled.length > 0 ? 2 : 0),
    compile: async () => ({ outcome: 'not-live', message: 'no answers', switched: true }),
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('it has failed', () => loop.compiled.length === 1);
  // Files without which nothing is served, and other ones than were refused.
  loop.reconciler.useRender(await builtInRender(2 * 1024 * 1024));
  await eventually('held back', () => loop.report.facts().waiting.length > 0);
  await loop.reconciler.idle();
  expect(loop.compiled).toHaveLength(1);
  loop.stop();
});

describe('templates of the user', () => {
  test('that cannot render leave the last good ones in use, and documents go on', async () => {
    const loop = await startLoop({});
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
    await eventually('caught up', () => loop.report.facts().caughtUp);
    loop.reconciler.useRender(() => {
      throw new TemplateFailure([{ file: 'server.hbs', line: 4, column: 2, message: 'no such value' }]);
    });
    await eventually('it is told', () => loop.report.facts().diagnostics.length === 1);
    expect(loop.report.facts().diagnostics[0]).toMatchObject({ object: 'File/server.hbs', field: '4:2' });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.2'] }));
    await eventually('the endpoint is pushed', () => loop.changes.length === 2);
    await eventually('caught up again', () => loop.report.facts().caughtUp);
    expect(loop.compiled).toHaveLength(1);
    loop.stop();
  });

  test('whose text nginx refuses are not held against the hosts', async () => {
    const render = await builtInRender();
    const loop = await startLoop({
      render: (model, compile) => {
        const rendered = render(model, compile);
        return { ...rendered, files: { ...rendered.files, digest: 'f'.repeat(32) } };
      },
      compile: refuses(({ digest }) => digest === 'f'.repeat(32)),
    });
    loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
    await eventually('caught up', () => loop.report.facts().caughtUp);
    expect([...(loop.compiled.at(-1)?.compiled.keys() ?? [])]).toEqual(['a.example']);
    expect(loop.report.facts().diagnostics.map(({ code }) => code)).toEqual(['template-refused']);
    loop.stop();
  });
});

test('templates are not held to be good for servers of hosts by files that have none', async () => {
  const builtIn = await builtInRender();
  const loop = await startLoop({
    isRunning: () => loop.compiled.length > 0,
    render: (model, compile) => {
      const rendered = builtIn(model, compile);
      const digest = (compile.size === 0 ? 'a' : 'b').repeat(32);
      return { ...rendered, files: { ...rendered.files, digest } };
    },
    compile: refuses(({ digest }) => digest.startsWith('b'.repeat(32))),
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'], 'b.example': ['10.0.0.1'] }));
  await eventually('both are compiled', () => loop.report.facts().hosts.compiled === 2);
  expect(loop.report.facts().diagnostics.map(({ code }) => code)).toEqual(['template-refused']);
  expect(loop.compiled).toHaveLength(3);
  loop.stop();
});

test('templates that come while older ones are judged are judged by themselves', async () => {
  const builtIn = await builtInRender();
  const marked =
    (digit: string): typeof builtIn =>
    (model, compile) => {
      const rendered = builtIn(model, compile);
      return { ...rendered, files: { ...rendered.files, digest: digit.repeat(32) } };
    };
  let finish = () => {};
  const hanging = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const loop = await startLoop({
    render: marked('a'),
    compile: async (files) => {
      if (files.digest.startsWith('a')) await hanging;
      if (!files.digest.startsWith('b')) return { outcome: 'proven', durationMs: 1, notes: [] };
      return {
        outcome: 'invalid',
        message: 'no',
        file: LAYOUT.config,
        line: files.lines[0]?.first ?? 1,
        ours: true,
      };
    },
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('the first are judged', () => loop.compiled.length === 1);
  loop.reconciler.useRender(marked('b'));
  finish();
  await eventually('the second are refused', () => loop.report.facts().diagnostics.length > 0);
  await eventually('caught up', () => loop.report.facts().caughtUp);
  expect(loop.report.facts().diagnostics.map(({ code }) => code)).toEqual(['template-refused']);
  expect(loop.report.facts()).toMatchObject({
    filesDigest: 'a'.repeat(32),
    hosts: { compiled: 1, interpreted: 0 },
  });
  loop.stop();
});

test('a new host is interpreted first and compiled when it has been quiet', async () => {
  const loop = await startLoop({ quiet: 300 });
  const one = snapshotOf({ 'a.example': ['10.0.0.1'] });
  loop.reconciler.offer(one);
  await eventually('caught up', () => loop.report.facts().caughtUp);
  const two = snapshotOf({ 'a.example': ['10.0.0.1'], 'b.example': ['10.0.0.1'] });
  loop.reconciler.offer({
    ...two,
    ingresses: new Map([...two.ingresses, ...one.ingresses]),
  });
  await eventually('the host is in force', () => loop.report.facts().caughtUp && loop.changes.length === 2);
  expect(loop.compiled).toHaveLength(1);
  await eventually('it is compiled', () => loop.compiled.length === 2);
  expect([...(loop.compiled[1]?.compiled.keys() ?? [])]).toEqual(['a.example', 'b.example']);
  loop.stop();
});

test('a bug while working through a state is told, and the next state is worked through', async () => {
  let broken = true;
  const render = await builtInRender();
  const loop = await startLoop({
    publish: async () => {
      if (broken) throw new Error('our bug');
      return { outcome: 'in-force' };
    },
    render,
  });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('it is told', () => loop.report.facts().diagnostics[0]?.code === 'internal');
  expect(loop.report.facts().caughtUp).toBe(false);
  broken = false;
  await eventually('caught up by itself', () => loop.report.facts().caughtUp);
  expect(loop.report.facts().diagnostics).toEqual([]);
  loop.stop();
});

test('an nginx that runs other files than the proven ones is told to read them', async () => {
  let looks = 0;
  const loop = await startLoop({ hasDrifted: () => looks-- > 0 });
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'] }));
  await eventually('caught up', () => loop.report.facts().caughtUp);
  expect(loop.reloaded).toHaveLength(0);
  looks = 1;
  loop.reconciler.kick();
  await eventually('it is reloaded', () => loop.reloaded.length > 0);
  expect(loop.reloaded[0]?.digest).toBe(loop.compiled[0]?.digest);
  loop.stop();
});

test('a compile waits while two reloads drain, and starts when one has ended', async () => {
  let draining = 0;
  const loop = await startLoop({ draining: () => draining, interval: 60_000, mode: 'at-once' });
  const one = snapshotOf({ 'a.example': ['10.0.0.1'] });
  loop.reconciler.offer(one);
  await eventually('caught up', () => loop.report.facts().caughtUp);
  draining = 2;
  loop.reconciler.offer(snapshotOf({ 'a.example': ['10.0.0.1'], 'b.example': ['10.0.0.1'] }));
  await eventually('the host is in force', () => loop.report.facts().caughtUp && loop.changes.length === 2);
  expect(loop.compiled).toHaveLength(1);
  expect(loop.report.hosts()).toEqual([
    { host: 'a.example', state: 'compiled', waitsFor: null },
    {
      host: 'b.example',
      state: 'interpreted',
      waitsFor:
        'the next compile, when fewer than 2 earlier reloads have workers whose connections still live',
    },
  ]);
  draining = 1;
  loop.reconciler.kick();
  await eventually('it is compiled', () => loop.compiled.length === 2);
  await eventually('it is said', () => loop.report.hosts().every(({ state }) => state === 'compiled'));
  expect(loop.propagated).toEqual(['compile', 'push']);
  loop.stop();
});

/** An nginx that says of some files that their first host is wrong, and takes all others. */
function refuses(isBad: (files: RenderedFiles) => boolean) {
  return async (files: RenderedFiles): Promise<CompileOutcome> =>
    isBad(files)
      ? {
          outcome: 'invalid',
          message: 'no',
          file: LAYOUT.config,
          line: files.lines[0]?.first ?? 1,
          ours: true,
        }
      : { outcome: 'proven', durationMs: 1, notes: [] };
}
