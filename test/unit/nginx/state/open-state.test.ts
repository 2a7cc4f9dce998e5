import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openState, type State } from '../../../../src/nginx/state/open-state.ts';
import { backend, full, withFolder } from './support/sample.ts';

const CHILD = join(import.meta.dirname, 'support/hold-lock.ts');

async function open(prefix: string): Promise<State> {
  const opened = await openState(prefix);
  if (opened.outcome !== 'open') throw new Error(opened.message);
  return opened.state;
}

async function contend(
  prefix: string,
): Promise<{ child: ChildProcess; said: { epoch?: number; by?: number } }> {
  const child = spawn(process.execPath, [CHILD, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [data] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, said: JSON.parse(data.toString()) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}

describe('openState', () => {
  test('makes the folders, each with its mode, also where they were there with another', () =>
    withFolder(async (prefix) => {
      await mkdir(join(prefix, 'state'), { mode: 0o755 });
      const state = await open(prefix);
      const modes = { state: 0o700, control: 0o750, run: 0o755, logs: 0o755, tmp: 0o755, conf: 0o755 };
      for (const [name, mode] of Object.entries(modes)) {
        expect([name, (await stat(join(prefix, name))).mode & 0o777]).toEqual([name, mode]);
      }
      await state.close();
    }));

  test('each start raises the epoch, also above documents when its file is lost or garbled', () =>
    withFolder(async (prefix) => {
      const first = await open(prefix);
      expect(first.epoch()).toBe(1);
      await first.documents.append(full({ epoch: 7, generation: 3 }, [backend('a', 1)]));
      await first.close();
      const second = await open(prefix);
      expect(second.epoch()).toBe(8);
      expect(await second.raiseAbove(20)).toEqual({ outcome: 'raised' });
      expect(second.epoch()).toBe(21);
      await second.close();
      await writeFile(join(prefix, 'state/epoch'), 'rubbish');
      const third = await open(prefix);
      expect(third.epoch()).toBe(8);
      await third.close();
      await rm(join(prefix, 'state/epoch'));
      const fourth = await open(prefix);
      expect(fourth.epoch()).toBe(8);
      await fourth.close();
    }));

  test('removes what a killed controller left half written', () =>
    withFolder(async (prefix) => {
      await (await open(prefix)).close();
      await writeFile(join(prefix, 'state/documents/.000009.snapshot.0123.tmp'), 'half');
      await mkdir(join(prefix, 'state/files/.abc.0123.tmp'));
      await (await open(prefix)).close();
      expect(await readdir(join(prefix, 'state/documents'))).toEqual([]);
      expect(await readdir(join(prefix, 'state/files'))).toEqual([]);
    }));

  test('a folder that cannot be made is an outcome', () =>
    withFolder(async (outer) => {
      await writeFile(join(outer, 'file'), '');
      const opened = await openState(join(outer, 'file/prefix'));
      expect(opened).toMatchObject({ outcome: 'failed', message: expect.stringContaining('ENOTDIR') });
    }));
});

describe('one controller for a prefix', () => {
  test('a second one in this process is refused, and may follow once the first has closed', () =>
    withFolder(async (prefix) => {
      const state = await open(prefix);
      expect(await openState(prefix)).toMatchObject({ outcome: 'locked', by: process.pid });
      await state.close();
      await (await open(prefix)).close();
    }));

  test('one in another process is refused while it lives, and taken over when it is killed', () =>
    withFolder(async (prefix) => {
      const { child, said } = await contend(prefix);
      try {
        expect(said).toEqual({ epoch: 1 });
        const refused = await openState(prefix);
        expect(refused).toMatchObject({
          outcome: 'locked',
          by: child.pid,
          message: expect.stringContaining('--prefix'),
        });
      } finally {
        await kill(child);
      }
      const state = await open(prefix);
      expect(state.epoch()).toBe(2);
      await state.close();
    }));

  test('a claim whose pid was given to another process counts for nothing', () =>
    withFolder(async (prefix) => {
      await mkdir(join(prefix, 'state/controller.lock'), { recursive: true });
      await writeFile(join(prefix, `state/controller.lock/${process.ppid}-1`), '');
      await (await open(prefix)).close();
    }));

  test(
    'of several that start at the same moment on a dead claim, at most one gets it',
    () =>
      withFolder(async (prefix) => {
        for (let round = 0; round < 3; round += 1) {
          const contenders = await Promise.all(Array.from({ length: 6 }, () => contend(prefix)));
          const holders = contenders.filter(({ said }) => said.epoch !== undefined);
          for (const { child } of contenders) await kill(child);
          expect(holders).toHaveLength(1);
        }
      }),
    60_000,
  );
});
