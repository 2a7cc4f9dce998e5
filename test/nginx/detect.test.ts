import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ensureNginx, type Nginx } from '../../openresty/install-nginx.ts';
import { type DetectOptions, detectNginx } from '../../src/nginx/detect/detect-nginx.ts';

// Shell: the configuration that nginx is given, its arguments left as they are.
const FIND_CONFIG = `
    previous=; for argument; do
      case $previous in -p) prefix=$argument;; -c) conf=$argument;; esac; previous=$argument
    done`;

let folder: string;
let nginx: Nginx;
beforeEach(async () => {
  nginx = await ensureNginx();
  folder = await mkdtemp(join(tmpdir(), 'detect-'));
  await mkdir(join(folder, 'lua'));
  await writeFile(join(folder, 'lua/ingress.lua'), 'return {}');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function detect(options: Partial<DetectOptions>) {
  const { binary } = nginx;
  const luaFolder = join(folder, 'lua');
  const base = { prefix: join(folder, 'p'), luaFolder, documentsSize: 1e6, includeMain: [], includeHttp: [] };
  return detectNginx({ binary, ...base, ...options });
}

async function script(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

test('an nginx with Lua is found to have it, and how', async () => {
  const found = await detect({});
  expect(found).toMatchObject({
    binary: nginx.binary,
    workers: expect.any(Number),
    runtime: {
      modules: nginx.modules,
      luaPath: nginx.luaPath.split(';').filter(Boolean),
      luaDigest: expect.stringMatching(/^[0-9a-f]{32}$/),
      prefix: join(folder, 'p'),
      documentsSize: 1e6,
    },
  });
});

test('through a symlink, and through PATH, the binary keeps its name and its description is found', async () => {
  await symlink(nginx.binary, join(folder, 'nginx'));
  const expected = { binary: join(folder, 'nginx'), runtime: { modules: nginx.modules } };
  expect(await detect({ binary: join(folder, 'nginx') })).toMatchObject(expected);
  expect(await detect({ binary: 'nginx', path: `${folder}:/usr/bin` })).toMatchObject(expected);
});

test('http2 is a directive exactly when nginx takes it as one', async () => {
  const knows = await script(
    'knows',
    `${FIND_CONFIG}
    grep -q no_such_directive "$prefix/$conf" && { echo 'nginx: [emerg] unknown directive' >&2; exit 1; }
    exit 0`,
  );
  expect(await detect({ binary: knows })).toMatchObject({ runtime: { http2Directive: true } });
  const lacks = await script(
    'lacks',
    `${FIND_CONFIG}
    grep -qE 'no_such_directive|http2 on' "$prefix/$conf" && { echo 'nginx: [emerg] unknown directive' >&2; exit 1; }
    exit 0`,
  );
  expect(await detect({ binary: lacks })).toMatchObject({ runtime: { http2Directive: false } });
});

test('what cannot serve is refused with the reason and a way out', async () => {
  // An nginx away from its description: where Lua is built in or installed, there is nothing to take away.
  if (nginx.modules.some((module) => module.startsWith(dirname(nginx.binary)))) {
    const bare = await script('bare', `exec ${nginx.binary} "$@"`);
    const failure = await detect({ binary: bare });
    expect(failure).toMatchObject({ outcome: 'failed', message: expect.stringContaining('has no Lua: ') });
    expect(failure).toMatchObject({ hint: expect.stringContaining('libnginx-mod-http-lua') });
  }
  expect(await detect({ binary: '/bin/true' })).toMatchObject({ message: '/bin/true is not an nginx' });
  expect(await detect({ binary: 'no-such-nginx', path: folder })).toMatchObject({
    outcome: 'failed',
    message: 'no-such-nginx is not on PATH nor in the usual folders',
  }); // prettier-ignore
  const missing = join(folder, 'missing');
  expect(await detect({ binary: missing })).toMatchObject({
    message: `${missing} is not an executable file`,
  });
});

test('Lua without the libraries that we need is told from no Lua', async () => {
  const lacking = await script(
    'lacking',
    `${FIND_CONFIG}
    sed -i 's/"cjson.safe"/"cjson.of.nowhere"/' "$prefix/$conf"
    exec ${nginx.binary} "$@"`,
  );
  await writeFile(join(folder, 'nginx.json'), JSON.stringify(nginx));
  expect(await detect({ binary: lacking })).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining("module 'cjson.of.nowhere' not found"),
  }); // prettier-ignore
});

test('a prefix that no configuration can name, and files that cannot be read, are refused at once', async () => {
  expect(await detect({ prefix: join(folder, 'a b') })).toMatchObject({
    hint: expect.stringContaining('letters'),
  });
  expect(await detect({ prefix: `/${'x'.repeat(100)}` })).toMatchObject({
    message: expect.stringContaining('too long'),
  });
  const missing = join(folder, 'missing.conf');
  expect(await detect({ includeHttp: [missing] })).toMatchObject({
    outcome: 'failed',
    message: `--include-http: ${missing} cannot be read`,
  }); // prettier-ignore
});

test('the probes leave nothing behind', async () => {
  const probes = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('ingress-openresty-probe-'));
  const before = new Set(await probes());
  await detect({});
  // Those of other tests come and go meanwhile: only what stays counts.
  const left = (await probes()).filter((name) => !before.has(name));
  await new Promise((done) => setTimeout(done, 1500));
  const still = new Set(await probes());
  expect(left.filter((name) => still.has(name))).toEqual([]);
});
