// The executable of package.json's `bin`, run for real on several Nodes in a copy whose program is a tiny script.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';

const execute = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');
const nodePackage = `node-linux-${process.arch}`;
const script = `
import { writeFileSync } from 'node:fs';
const args: readonly string[] = process.argv.slice(2);
console.log(JSON.stringify({ main: process.argv[1], args, version: process.versions.node, pid: process.pid }));
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => { console.log(name); process.exit(name === 'SIGTERM' ? 42 : 43); });
}
if (args[0] === 'exit') process.exit(7);
if (args[0] === 'stay') { writeFileSync(args[1] ?? '', String(process.pid)); setInterval(() => {}, 1000); }
`;

let root: string;
let oldNode: string | null;
const running: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bin-test-'));
  oldNode = await findOldNode();
  await installCopy(join(root, 'clone'));
  await mkdir(join(root, 'clone/src/cli'), { recursive: true });
  await writeFile(join(root, 'clone/src/cli/main.ts'), script);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('executed as it is', () => {
  test('runs the sources on the Node that npm installed, whatever is on PATH', async () => {
    const seen = await run(join(root, 'clone/bin/ingress-openresty'), ['a b', "it's"], {
      PATH: '/usr/bin:/bin',
    });
    expect(seen.main).toBe(join(root, 'clone/src/cli/main.ts'));
    expect(seen.args).toEqual(['a b', "it's"]);
    expect(Number(seen.version.split('.')[0])).toBeGreaterThanOrEqual(22);
  });

  test('follows symlinks to itself', async () => {
    await mkdir(join(root, 'links'));
    await symlink('../clone/bin/ingress-openresty', join(root, 'links/one'));
    await symlink('one', join(root, 'links/two'));
    expect((await run(join(root, 'links/two'), [])).main).toBe(join(root, 'clone/src/cli/main.ts'));
  });

  test('is replaced by the controller: same pid, own signal handlers, own exit code', async () => {
    const mark = join(root, 'pid-direct');
    const child = start(join(root, 'clone/bin/ingress-openresty'), ['stay', mark]);
    expect(await pidIn(mark)).toBe(child.pid);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toEqual({ code: 42, signal: null });
  });

  test('below node_modules runs the built program, with the Node hoisted beside it', async () => {
    const installed = join(root, 'app/node_modules/ingress-openresty');
    await installCopy(installed, join(root, 'app/node_modules'));
    await mkdir(join(installed, 'src/cli'), { recursive: true });
    await writeFile(join(installed, 'src/cli/main.ts'), script);
    await expect(run(join(installed, 'bin/ingress-openresty'), [])).rejects.toThrow(/npm run build/);
    await mkdir(join(installed, 'dist/cli'), { recursive: true });
    await writeFile(
      join(installed, 'dist/cli/main.js'),
      'console.log(JSON.stringify({ main: process.argv[1] }))',
    );
    const seen = await run(join(installed, 'bin/ingress-openresty'), [], { PATH: '/usr/bin:/bin' });
    expect(seen.main).toBe(join(installed, 'dist/cli/main.js'));
  });

  test('takes a new enough Node of PATH, and says what it needs when there is none', async () => {
    const bare = join(root, 'bare');
    await cp(join(repository, 'bin'), join(bare, 'bin'), { recursive: true });
    await mkdir(join(bare, 'src/cli'), { recursive: true });
    await writeFile(join(bare, 'src/cli/main.ts'), script);
    const tools = await folderOf('tools', ['sh', 'readlink', 'dirname', 'uname']);
    const fake = join(root, 'fake');
    await mkdir(fake);
    await writeFile(join(fake, 'node'), '#!/bin/sh\necho v22.18.9\n', { mode: 0o755 });
    const failure = await execute(join(bare, 'bin/ingress-openresty'), [], {
      env: { PATH: [fake, tools].join(delimiter) },
    }).then(
      () => null,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure?.code).toBe(1);
    expect(failure?.stderr).toMatch(/needs Node 22\.19/);
    const good = join(root, 'good');
    await mkdir(good);
    await symlink(process.execPath, join(good, 'node'));
    expect(
      (await run(join(bare, 'bin/ingress-openresty'), [], { PATH: [good, tools].join(delimiter) })).main,
    ).toBe(join(bare, 'src/cli/main.ts'));
  });
});

describe('run by a new enough Node', () => {
  test('runs the program in the same process', async () => {
    const mark = join(root, 'pid-same');
    const child = start(process.execPath, [join(root, 'clone/bin/ingress-openresty'), 'stay', mark]);
    expect(await pidIn(mark)).toBe(child.pid);
    child.kill('SIGINT');
    expect(await exitOf(child)).toEqual({ code: 43, signal: null });
  });
});

// A Node too old for us is not everywhere; where there is none, one that says so stands in: the real start.cjs
// runs on the current Node, told by a preload that it is 20.
describe('run by an older Node', () => {
  const older = async (args: readonly string[]): Promise<ChildProcess> => {
    const program = join(root, 'clone/bin/ingress-openresty');
    if (oldNode !== null) return start(oldNode, [program, ...args]);
    const preload = join(root, 'pretend.cjs');
    await writeFile(
      preload,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } });`,
    );
    return start(process.execPath, ['--require', preload, program, ...args]);
  };

  test('hands over to the Node that npm installed and passes arguments and exit code on', async () => {
    const child = await older(['exit', 'a b']);
    const output = textOf(child);
    expect(await exitOf(child)).toEqual({ code: 7, signal: null });
    const seen = JSON.parse(await output) as Seen;
    expect(seen.args).toEqual(['exit', 'a b']);
    expect(seen.pid).not.toBe(child.pid);
    expect(Number(seen.version.split('.')[0])).toBeGreaterThanOrEqual(22);
  });

  test.each([
    ['SIGTERM', 42],
    ['SIGINT', 43],
    ['SIGHUP', 43],
  ] as const)('forwards %s once', async (name, code) => {
    const mark = join(root, `pid-${name}`);
    const child = await older(['stay', mark]);
    const output = textOf(child);
    await pidIn(mark);
    child.kill(name);
    expect(await exitOf(child)).toEqual({ code, signal: null });
    expect((await output).split('\n').filter((line) => line === name)).toEqual([name]);
  });

  test('the child dies with a parent that is killed', async () => {
    const mark = join(root, 'pid-killed');
    const child = await older(['stay', mark]);
    const pid = await pidIn(mark);
    expect(pid).not.toBe(child.pid);
    child.kill('SIGKILL');
    await eventually('the child is gone', async () => (await isAlive(pid)) === false);
  });

  test('the death of the child by a signal becomes its own', async () => {
    const mark = join(root, 'pid-signal');
    const child = await older(['stay', mark]);
    process.kill(await pidIn(mark), 'SIGKILL');
    expect(await exitOf(child)).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

type Seen = {
  readonly main: string;
  readonly args: readonly string[];
  readonly version: string;
  readonly pid: number;
};

async function installCopy(target: string, modules = join(target, 'node_modules')): Promise<void> {
  await cp(join(repository, 'bin'), join(target, 'bin'), { recursive: true });
  await writeFile(join(target, 'package.json'), '{"type": "module"}');
  await mkdir(join(modules, nodePackage, 'bin'), { recursive: true });
  await symlink(process.execPath, join(modules, nodePackage, 'bin/node'));
}

async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Seen> {
  const { stdout, stderr } = await execute(command, args, { env, timeout: 15_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Seen;
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  return child;
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  return text;
}

function pidIn(file: string): Promise<number> {
  return eventually(`${file} is written`, async () => Number(await readFile(file, 'utf8')) || null);
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

async function folderOf(name: string, tools: readonly string[]): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  for (const tool of tools) {
    for (const place of ['/bin', '/usr/bin']) {
      if ((await readdir(place)).includes(tool)) {
        await symlink(join(place, tool), join(folder, tool));
        break;
      }
    }
  }
  return folder;
}

async function findOldNode(): Promise<string | null> {
  for (const candidate of ['/usr/bin/node', '/usr/local/bin/node']) {
    const version = await execute(candidate, ['--version']).catch(() => null);
    const major = Number(/^v(\d+)/.exec(version?.stdout ?? '')?.[1]);
    if (major < 22) return candidate;
  }
  return null;
}
