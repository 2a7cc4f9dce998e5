import { mkdirSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { LAYOUT } from '../../src/model/runtime.ts';
import type { CompilerOptions } from '../../src/nginx/files/compile.ts';
import { liveMasters } from '../../src/nginx/processes.ts';
import { openProvenFiles } from '../../src/nginx/state/proven-files.ts';
import { eventually } from '../support/eventually.ts';
import { request } from '../support/http-client.ts';
import { freePort } from '../support/ports.ts';
import { type Bed, liveText, makeBed } from './support/compile-bed.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await makeBed();
});
afterEach(() => bed.cleanup());

const live = () => readFile(join(bed.prefix, LAYOUT.config), 'utf8');

async function runWith(label: string): Promise<string> {
  const files = bed.files(label);
  expect(await bed.compiler().compile(files)).toMatchObject({ outcome: 'written' });
  await bed.start();
  expect(await bed.compiler().confirm(files)).toMatchObject({ outcome: 'proven' });
  return liveText(files);
}

test('without an nginx the files are written, and proven by the one that is started later', async () => {
  const files = bed.files('one');
  expect(await bed.compiler().compile(files)).toMatchObject({ outcome: 'written' });
  expect(bed.proven).toEqual([]);
  await expect(stat(join(bed.prefix, LAYOUT.pid))).rejects.toThrow('ENOENT');
  await bed.start();
  expect(await bed.compiler().confirm(files)).toMatchObject({ outcome: 'proven', notes: [] });
  expect(bed.proven).toEqual([files.digest]);
});

test('new files are live in every worker when the compile is done, and nothing is left beside them', async () => {
  await runWith('one');
  const compiler = bed.compiler();
  for (const label of ['two', 'three', 'four']) {
    const files = bed.files(label);
    expect(await compiler.compile(files)).toMatchObject({ outcome: 'proven', notes: [] });
    expect([...(await bed.ask(100))]).toEqual([label]);
    expect(await live()).toBe(liveText(files));
    expect(bed.proven.at(-1)).toBe(files.digest);
  }
  expect((await readdir(join(bed.prefix, 'conf'))).sort()).toEqual(['.candidate.json', 'nginx.conf']);
});

test('files that nginx cannot read change nothing, and the line is named', async () => {
  const before = await runWith('one');
  const [master] = await liveMasters(bed.prefix);
  const bad = bed.files('bad', { http: '\n  server { no_such_directive on; }' });
  const outcome = await bed.compiler().compile(bad);
  const line =
    liveText(bad)
      .split('\n')
      .findIndex((text) => text.includes('no_such_directive')) + 1;
  expect(outcome).toEqual({
    outcome: 'invalid',
    message: 'unknown directive "no_such_directive"',
    file: LAYOUT.config,
    line,
    ours: true,
  }); // prettier-ignore
  expect(await live()).toBe(before);
  expect([...(await bed.ask(10))]).toEqual(['one']);
  expect(await liveMasters(bed.prefix)).toEqual([master]);
  expect((await readdir(join(bed.prefix, 'conf'))).sort()).toEqual(['.candidate.json', 'nginx.conf']);
});

test("a default_server of the operator's is reported with file and line", async () => {
  await runWith('one');
  const theirs = join(bed.prefix, 'conf/theirs.conf');
  await writeFile(theirs, `server {\n  listen 127.0.0.1:${bed.port} default_server;\n}\n`);
  const outcome = await bed.compiler().compile(bed.files('two', { http: `include ${theirs};` }));
  expect(outcome).toMatchObject({ outcome: 'invalid', file: theirs, line: 2, ours: false });
  expect(outcome).toMatchObject({ message: `a duplicate default server for 127.0.0.1:${bed.port}` });
  expect([...(await bed.ask(10))]).toEqual(['one']);
});

test('a port that is taken: the address is named, the old files stay live and on disk', async () => {
  const before = await runWith('one');
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const { port } = taken.address() as { port: number };
  try {
    const http = `server { listen 127.0.0.1:${port}; }`;
    const outcome = await bed.compiler().compile(bed.files('two', { http }));
    expect(outcome).toMatchObject({ outcome: 'not-live', switched: false });
    expect(outcome).toMatchObject({
      message: expect.stringContaining(`bind() to 127.0.0.1:${port} failed (98`),
    });
    expect(await live()).toBe(before);
    expect([...(await bed.ask(20))]).toEqual(['one']);
    expect(bed.proven).toHaveLength(1);
  } finally {
    taken.close();
  }
  expect(await bed.compiler().compile(bed.files('three'))).toMatchObject({ outcome: 'proven' });
});

test('what nginx -t cannot see is found: a zone whose key changes, Lua that fails at start', async () => {
  const zone = (key: string) => ({
    http: `limit_req_zone ${key} zone=z:32k rate=1r/s;\nserver { listen 127.0.0.1:${bed.port}; server_name z; limit_req zone=z; }`,
  });
  await runWith('one');
  const good = bed.files('two', zone('$host'));
  expect(await bed.compiler().compile(good)).toMatchObject({ outcome: 'proven' });
  const changed = await bed.compiler().compile(bed.files('three', zone('$uri')));
  expect(changed).toMatchObject({ outcome: 'not-live', message: expect.stringContaining('limit_req "z"') });
  const failing = await bed.compiler().compile(bed.files('four', { init: 'error("no luck today")' }));
  expect(failing).toMatchObject({ outcome: 'not-live', message: expect.stringContaining('no luck today') });
  expect(await live()).toBe(liveText(good));
  expect([...(await bed.ask(20))]).toEqual(['two']);
});

test('new workers that do not answer as asked: the previous files come back into force', async () => {
  const before = await runWith('one');
  const right = bed.files('wrong');
  const wrong = { ...right, digest: 'f'.repeat(32) };
  const outcome = await bed.compiler({ baseTimeMs: 1500 }).compile(wrong);
  expect(outcome).toMatchObject({ outcome: 'not-live', switched: true });
  expect(await live()).toBe(before);
  await eventually('the previous files are in force', async () => [...(await bed.ask(10))].join() === 'one');
});

test('a WebSocket on an old worker stays open over the proof', async () => {
  const echoPort = await freePort();
  const port = await freePort();
  const http = `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${echoPort};
    proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }`;
  const first = bed.files('one', { http });
  await bed.compiler().compile(first);
  await bed.start();
  const echo = new WebSocketServer({ port: echoPort, host: '127.0.0.1' });
  echo.on('connection', (peer) => peer.on('message', (data) => peer.send(data)));
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  try {
    await new Promise((done, fail) => client.once('open', done).once('error', fail));
    expect(await bed.compiler().compile(bed.files('two', { http }))).toMatchObject({ outcome: 'proven' });
    const [master] = await liveMasters(bed.prefix);
    expect(master?.workers.filter((worker) => worker.shuttingDown)).toHaveLength(1);
    const said = new Promise((done) => client.once('message', (data) => done((data as Buffer).toString())));
    client.send('still here');
    expect(await said).toBe('still here');
    expect([...(await bed.ask(20))]).toEqual(['two']);
    // A further one, while the first generation still drains.
    expect(await bed.compiler().compile(bed.files('three', { http }))).toMatchObject({ outcome: 'proven' });
    expect(client.readyState).toBe(WebSocket.OPEN);
  } finally {
    client.terminate();
    echo.close();
  }
});

test('a master that dies during the reload is told from one that refuses', async () => {
  await runWith('one');
  const [master] = await liveMasters(bed.prefix);
  const onStep = (step: string) =>
    void (step === 'signalled' && master && process.kill(master.pid, 'SIGKILL'));
  const outcome = await bed.compiler({ onStep }).compile(bed.files('two'));
  expect(outcome).toMatchObject({
    outcome: 'not-live',
    message: expect.stringContaining('died during the reload'),
  });
});

test('a folder that cannot be written is an outcome, and a proof that cannot be kept is a note', async () => {
  const before = await runWith('one');
  // A file where the folder of the proven generations is to be made is an obstacle for root too.
  const blocked = join(bed.prefix, 'blocked');
  await writeFile(blocked, '');
  const generations = openProvenFiles(blocked);
  const onProven: CompilerOptions['onProven'] = (proven) => generations.saveProven(proven);
  const files = bed.files('two');
  expect(await bed.compiler({ onProven }).compile(files)).toMatchObject({
    outcome: 'proven',
    notes: [expect.stringContaining('ENOTDIR')],
  }); // prettier-ignore
  // A folder where the staged file is to be put is an obstacle for root too.
  const next = bed.files('three');
  mkdirSync(join(bed.prefix, `conf/.staged-${next.digest}.conf/x`), { recursive: true });
  expect(await bed.compiler().compile(next)).toMatchObject({ outcome: 'failed' });
  expect(await live()).toBe(liveText(files));
  expect(await live()).not.toBe(before);
  expect((await request({ port: bed.port })).body).toBe('two');
});

test('two compiles at once are a bug of ours', async () => {
  const compiler = bed.compiler();
  const first = compiler.compile(bed.files('one'));
  await expect(compiler.compile(bed.files('two'))).rejects.toThrow('under way');
  expect(await first).toMatchObject({ outcome: 'written' });
});
