import { spawn } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RenderedFiles } from '../../src/model/rendered.ts';
import { LAYOUT } from '../../src/model/runtime.ts';
import type { CompileStep } from '../../src/nginx/files/compile-step.ts';
import { recoverFiles } from '../../src/nginx/files/recover.ts';
import { liveMasters } from '../../src/nginx/processes.ts';
import { eventually } from '../support/eventually.ts';
import { type Bed, killAll, liveText, makeBed } from './support/compile-bed.ts';

let bed: Bed;
let proven: { digest: string; text: string };
beforeEach(async () => {
  bed = await makeBed();
  const files = bed.files('good');
  await bed.compiler().compile(files);
  await bed.start();
  expect(await bed.compiler().confirm(files)).toMatchObject({ outcome: 'proven' });
  proven = { digest: files.digest, text: liveText(files) };
});
afterEach(() => bed.cleanup());

const live = () => readFile(join(bed.prefix, LAYOUT.config), 'utf8');
const recover = () => recoverFiles({ prefix: bed.prefix, proven });

const early: CompileStep[] = ['staged', 'tested', 'noted'];
test.each(early)('killed after "%s": the proven files are in place, leftovers are removed', async (step) => {
  await crash(bed.files('new'), step);
  expect(await live()).toBe(proven.text);
  expect(await recover()).toEqual({ action: 'none', notes: [] });
  expect((await readdir(join(bed.prefix, 'conf'))).sort()).toEqual(['.candidate.json', 'nginx.conf']);
  expect([...(await bed.ask(10))]).toEqual(['good']);
});

test('killed after "swapped": what the workers run is put back on disk, without a reload', async () => {
  await crash(bed.files('new'), 'swapped');
  const before = await liveMasters(bed.prefix);
  expect(await recover()).toMatchObject({
    action: 'restored',
    notes: [expect.stringContaining('not proven')],
  });
  expect(await live()).toBe(proven.text);
  expect(await liveMasters(bed.prefix)).toEqual(before);
});

test('killed after "swapped" and nginx started again: the tested files that it runs are adopted', async () => {
  const files = bed.files('new');
  await crash(files, 'swapped');
  await killAll(bed.prefix);
  await rm(join(bed.prefix, LAYOUT.controlSocket));
  await bed.start();
  expect([...(await bed.ask(10))]).toEqual(['new']);
  expect(await recover()).toMatchObject({ action: 'adopted', text: liveText(files) });
});

test.each<CompileStep>(['signalled', 'live'])(
  'killed after "%s": the new files are adopted, with all that is known of them',
  async (step) => {
    const files = bed.files('new');
    await crash(files, step);
    const recovery = await recover();
    // After the signal the master decides when to switch: a recovery that sees all workers on the old files restores.
    if (step === 'signalled' && recovery.action === 'restored') {
      expect(await live()).toBe(proven.text);
      return;
    }
    const { digest, sections, compiled } = files;
    expect(recovery).toMatchObject({
      action: 'adopted',
      text: liveText(files),
      files: { digest, sections, compiled },
    });
    // Workers of before may take a connection until they have got the signal of their own.
    await eventually('answers of the new files alone', async () => {
      const answers = await bed.ask(10);
      return answers.has('new') && answers.size === 1;
    });
  },
);

test('a live file that was edited by hand is replaced by the proven one, and kept beside it', async () => {
  await writeFile(join(bed.prefix, LAYOUT.config), `${proven.text}# mine\n`);
  const kept = expect.stringContaining('conf/nginx.conf.replaced');
  expect(await recover()).toEqual({ action: 'restored', notes: [kept] });
  expect(await live()).toBe(proven.text);
  expect(await readFile(join(bed.prefix, 'conf/nginx.conf.replaced'), 'utf8')).toContain('# mine');
});

test('a live file that is missing comes back, whether nginx runs or not', async () => {
  await rm(join(bed.prefix, LAYOUT.config));
  expect(await recover()).toMatchObject({ action: 'restored' });
  await killAll(bed.prefix);
  await rm(join(bed.prefix, LAYOUT.config));
  expect(await recover()).toMatchObject({ action: 'restored' });
  expect(await live()).toBe(proven.text);
});

test('a file that was there before us is left in place, and copied before it is ever replaced', async () => {
  await writeFile(join(bed.prefix, LAYOUT.config), '# of another\n');
  const recovery = await recoverFiles({ prefix: bed.prefix, proven: null });
  expect(recovery).toEqual({ action: 'none', notes: [expect.stringContaining('not from this controller')] });
  expect(await live()).toBe('# of another\n');
  expect(await readFile(join(bed.prefix, 'conf/nginx.conf.replaced'), 'utf8')).toBe('# of another\n');
});

test('workers that run other files than the proven ones are to be reloaded', async () => {
  const other = bed.files('other');
  expect(await bed.compiler().compile(other)).toMatchObject({ outcome: 'proven' });
  await writeFile(join(bed.prefix, LAYOUT.config), proven.text);
  expect(await recover()).toEqual({ action: 'rehup', notes: [] });
  expect(await bed.compiler().reload(bed.files('good'))).toMatchObject({ outcome: 'proven' });
  expect(await recover()).toEqual({ action: 'none', notes: [] });
});

async function crash(files: RenderedFiles, step: CompileStep): Promise<void> {
  const script = join(import.meta.dirname, 'support/crash-compile.ts');
  const child = spawn(process.execPath, [script, bed.nginx.binary, bed.prefix, step], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, ...bed.nginx.env },
  });
  const ended = new Promise((done) => child.once('exit', (_code, signal) => done(signal)));
  const compiled = [...files.compiled].map(([host, keys]) => [host, [...keys]]);
  child.stdin.end(
    JSON.stringify({ ...files, texts: [...files.texts], sections: [...files.sections], compiled }),
  );
  expect(await ended).toBe('SIGKILL');
}
