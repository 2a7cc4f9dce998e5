// The real command, as a script or a person runs it: render, validate, help, exit codes.
import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeDemoSecret } from '../../openresty/demo-certificate.ts';

const root = resolve(import.meta.dirname, '../..');
const program = join(root, 'bin/ingress-openresty');
const examples = join(root, 'deploy/examples');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** In the temporary folder, with nothing on PATH that could be an nginx. */
function run(...args: readonly string[]): Promise<Run> {
  return new Promise((done) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 ** 2, env: { PATH: process.env.PATH } };
    execFile(program, args, options, (error: ExecFileException | null, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const BROKEN = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: broken, namespace: default, annotations: { kubernetes.io/ingress.class: nginx } }
spec:
  rules:
    - host: "not a host; evil"
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: none, port: { number: 80 } } } }] }
`;

describe('render', () => {
  test('writes the configuration to stdout and nothing to stderr when all is well', async () => {
    const { code, stdout, stderr } = await run('render', '--manifests', examples);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('server_name shop.localhost;');
    expect(stdout).toContain('/var/lib/ingress-openresty/control/config.sock');
    expect(stdout).not.toContain('127.0.0.11');
  });

  test('is the same each time, wherever it is run', async () => {
    const [one, other] = await Promise.all([
      run('render', '--manifests', examples),
      run('render', '--manifests', examples),
    ]);
    expect(one.stdout).toBe(other.stdout);
    expect(one.stdout).not.toContain(root);
  });

  test('says what is wrong with an object on stderr, serves the others, exits 1', async () => {
    await writeFile(join(folder, 'broken.yaml'), BROKEN);
    const { code, stdout, stderr } = await run('render', '--manifests', examples, '--manifests', folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error {4}Ingress\/default\/broken {2}spec\.rules\[0\]\.host$/m);
    expect(stdout).toContain('server_name shop.localhost;');
    expect(stdout).not.toContain('evil');
  });

  test('-o writes three files, without temporary ones, without private keys', async () => {
    const manifests = join(folder, 'manifests');
    await mkdir(manifests);
    const { key } = await writeDemoSecret(join(manifests, 'secure-tls.yaml'), 'secure.localhost');
    const tls = join(root, 'deploy/examples-tls');
    const args = [
      'render',
      '--manifests',
      manifests,
      '--manifests',
      examples,
      '--manifests',
      tls,
      '-o',
      'out/new',
    ];
    const { code, stdout } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const out = join(folder, 'out/new');
    expect((await readdir(out)).sort()).toEqual(['diagnostics.json', 'documents.json', 'nginx.conf']);
    const documents = await readFile(join(out, 'documents.json'), 'utf8');
    const all = `${await readFile(join(out, 'nginx.conf'), 'utf8')}${documents}`;
    expect(all).not.toContain('PRIVATE KEY');
    expect(all).not.toContain(key.split('\n')[1]);
    expect(documents).toContain('"kind": "certificate"');
    expect(JSON.parse(await readFile(join(out, 'diagnostics.json'), 'utf8'))).toEqual([]);
  });

  test('-o into what is not a folder is told', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await run('render', '--manifests', examples, '-o', 'file');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: --output "file": /);
  });

  test('--diagnostics json writes them for programs', async () => {
    await writeFile(join(folder, 'broken.yaml'), BROKEN);
    const { code, stderr } = await run('render', '--manifests', folder, '--diagnostics', 'json');
    expect(code).toBe(1);
    const [first] = JSON.parse(stderr) as readonly { readonly object: string; readonly severity: string }[];
    expect(first).toMatchObject({ object: 'Ingress/default/broken', severity: 'error' });
  });

  test('a broken template of the user is a diagnostic with its place', async () => {
    await mkdir(join(folder, 'templates'));
    await writeFile(join(folder, 'templates/server.hbs'), 'server {\n  {{{raw}}}\n}\n');
    const { code, stdout, stderr } = await run(
      'render',
      '--manifests',
      examples,
      '--template-dir',
      'templates',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error {4}File\/templates\/server\.hbs {2}2:\d+$/m);
  });

  test('--compile never gives no host a server of its own', async () => {
    const { stdout } = await run('render', '--manifests', examples, '--compile', 'never');
    expect(stdout).not.toContain('server_name shop.localhost;');
  });

  test('a reader that goes away early is no error', async () => {
    const child = spawn(program, ['render', '--manifests', examples], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const code = await new Promise((done) => child.once('close', done));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('validate', () => {
  test('sums up and exits 0 when no object has an error', async () => {
    expect(await run('validate', '--manifests', examples)).toEqual({
      code: 0,
      stdout: 'no errors\n',
      stderr: '',
    });
  });

  test('names object, field and remedy, and exits 1 when one has', async () => {
    await writeFile(join(folder, 'broken.yaml'), BROKEN);
    const { code, stdout, stderr } = await run('validate', '--manifests', folder);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/Ingress\/default\/broken {2}spec\.rules\[0\]\.host\n {9}.+\n {9}→ .+\n/);
    expect(stdout).toMatch(/error.*\n$/);
  });

  test('writes nothing', async () => {
    await run('validate', '--manifests', examples);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('usage', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['no command', [], /Usage: ingress-openresty/],
    ['an unknown command', ['rendr'], /unknown command 'rendr'\n\(Did you mean render\?\)/],
    [
      'an unknown flag',
      ['render', '--manifest', 'x'],
      /unknown option '--manifest'\n\(Did you mean --manifests\?\)/,
    ],
    ['a flag of another command', ['validate', '--supervise'], /unknown option '--supervise'/],
    [
      'a bad value',
      ['render', '--manifests', 'x', '--http-port', '0'],
      /a whole number from 1 to 65535 is expected/,
    ],
    ['no --manifests', ['render'], /--manifests DIR is missing/],
    [
      'two sources of addresses',
      ['run', '--kubeconfig', 'x', '--publish-service', 'a/b', '--publish-status-address', '192.0.2.1'],
      /--publish-service and --publish-status-address exclude each other/,
    ],
    [
      'a folder that is not there',
      ['validate', '--manifests', 'nowhere'],
      /"nowhere": there is no such folder/,
    ],
    ['more than flags', ['render', '--manifests', 'x', 'y'], /too many arguments/],
  ])('%s: exit 2, and why', async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each(['run', 'render', 'validate', 'version'])(
    '%s --help teaches: flags, examples',
    async (command) => {
      const { code, stdout, stderr } = await run(command, '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/Examples?:\n/);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
    },
  );

  test('--help names the commands and the exit codes; --version is the version', async () => {
    const { stdout } = await run('--help');
    expect(stdout).toMatch(/ run .*\n(.*\n)* {2}render .*\n(.*\n)* {2}validate .*\n/);
    expect(stdout).toContain('Exit codes:');
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    expect(await run('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test('switches take a value as ingress-nginx writes it', async () => {
    const args = ['--manifests', examples, '--ingress-class-by-name=false', '--disable-catch-all=true'];
    const { code } = await run('validate', ...args);
    expect(code).toBe(0);
    expect((await run('validate', '--manifests', examples, '--disable-catch-all=maybe')).code).toBe(2);
  });

  test('version names Node, and fails when the nginx that was asked for is none', async () => {
    expect((await run('version')).stdout).toMatch(/^ingress-openresty .*\nnode \d+/);
    expect((await stat('/bin/true')).isFile()).toBe(true);
    const { code, stderr } = await run('version', '--nginx', '/bin/true');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: --nginx: /);
  });
});
