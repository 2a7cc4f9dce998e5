// Where etcd, kube-apiserver, kube-controller-manager and kubectl come from: a folder that KUBEBUILDER_ASSETS names,
// else one binary that Go builds once and that a cache folder of the user keeps.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { withFolderLock } from '../../../openresty/folder-lock.ts';

export type Programs = {
  readonly etcd: string;
  readonly 'kube-apiserver': string;
  readonly 'kube-controller-manager': string;
  readonly kubectl: string;
};

const NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
const source = resolve(import.meta.dirname, '../control-plane');
const patienceMs = 40 * 60_000;

/** Idempotent, and safe to call from several processes at once. Throws when there is no way, naming what to install. */
export async function ensureControlPlane(say: (line: string) => void = () => undefined): Promise<Programs> {
  const named = process.env.KUBEBUILDER_ASSETS;
  if (named !== undefined && named !== '') return useNamed(resolve(named));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ingress-openresty');
  const folder = join(cache, `control-plane-${await sourceKey()}`);
  const programs = programsIn(folder);
  if ((await findMissing(programs)).length === 0) return programs;
  await withFolderLock(
    join(cache, 'control-plane.lock'),
    async () => {
      if ((await findMissing(programs)).length > 0) await build(cache, folder, say);
    },
    patienceMs,
  );
  return programs;
}

async function useNamed(folder: string): Promise<Programs> {
  const programs = programsIn(folder);
  const missing = await findMissing(programs);
  if (missing.length === 0) return programs;
  throw new Error(
    `KUBEBUILDER_ASSETS names ${folder}, where ${missing.join(' and ')} cannot be run; ` +
      'put them there, or unset it: the suite then builds its own with Go',
  );
}

async function build(cache: string, folder: string, say: (line: string) => void): Promise<void> {
  const version = await kubernetesVersion();
  const go = await run(['version'], source).catch(() => null);
  if (go === null || go.code !== 0) throw new Error(noGo(version));
  say(
    `building a control plane of Kubernetes ${version}, once; with empty caches it takes several minutes …`,
  );
  const begun = Date.now();
  const aside = await mkdtemp(join(cache, 'building-'));
  try {
    const { code, said } = await run(
      ['build', '-trimpath', '-ldflags', linkFlags(version), '-o', join(aside, 'control-plane'), '.'],
      source,
    );
    if (code !== 0) throw new Error(`go build of the control plane failed:\n${said}`);
    for (const name of NAMES) await symlink('control-plane', join(aside, name));
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  say(`built in ${Math.round((Date.now() - begun) / 1000)} s`);
}

function noGo(version: string): string {
  return (
    `the cluster suite builds etcd and Kubernetes ${version} from source and found no Go: ` +
    'install Go 1.26 or newer, or let KUBEBUILDER_ASSETS name a folder ' +
    `with ${NAMES.join(', ')}`
  );
}

// Without them the server gives no usable version of itself.
function linkFlags(version: string): string {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const values = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor });
  return ['-s -w', ...values.map(([name, is]) => `-X k8s.io/component-base/version.${name}=${is}`)].join(' ');
}

async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(source, 'go.mod'), 'utf8');
  const found = /^\s*k8s\.io\/kubernetes (v[\d.]+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error('go.mod of the control plane requires no k8s.io/kubernetes');
  return found;
}

async function sourceKey(): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(source, file)));
  return hash.digest('hex').slice(0, 16);
}

function programsIn(folder: string): Programs {
  return Object.fromEntries(NAMES.map((name) => [name, join(folder, name)])) as Programs;
}

async function findMissing(programs: Programs): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [name, path] of Object.entries(programs)) {
    await access(path, constants.X_OK).catch(() => missing.push(name));
  }
  return missing;
}

function run(args: readonly string[], cwd: string): Promise<{ code: number | null; said: string }> {
  return new Promise((done, fail) => {
    const child = spawn('go', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8000);
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code, said }));
  });
}
