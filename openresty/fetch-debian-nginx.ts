// Debian's nginx with ngx_lua, downloaded and unpacked into a folder of ours. Nothing is installed: no root, no
// service, no maintainer script, and apt keeps its lists and caches below our folder.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeNginx, type Nginx, readDescription } from './find-nginx.ts';

const execute = promisify(execFile);
const packages = [
  'nginx',
  'libnginx-mod-http-lua',
  'libnginx-mod-http-ndk',
  'lua-resty-core',
  'lua-resty-lrucache',
  'lua-cjson',
];
const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'];

/** What an earlier fetch left in `cacheDir`; null when there is nothing whole, or the folder was moved since. */
export async function readDebianNginx(cacheDir: string): Promise<Nginx | null> {
  const folder = join(cacheDir, 'debian');
  const description = await readDescription(join(folder, 'nginx.json'));
  if (description === null || !description.modules.every((module) => module.startsWith(`${folder}/`)))
    return null;
  for (const file of [join(folder, 'nginx'), ...description.modules]) {
    if ((await stat(file).catch(() => null)) === null) return null;
  }
  return { binary: join(folder, 'nginx'), env: {}, ...description };
}

/** Downloads, unpacks and proves; the result appears by one rename. The caller holds the lock of `cacheDir`. */
export async function fetchDebianNginx(cacheDir: string): Promise<Nginx> {
  const folder = join(cacheDir, 'debian');
  const building = join(cacheDir, 'building');
  await rm(building, { recursive: true, force: true });
  await mkdir(join(building, 'packages'), { recursive: true });
  try {
    await download(join(cacheDir, 'apt'), join(building, 'packages'));
    await unpack(join(building, 'packages'), join(building, 'root'));
    await describe(building, folder);
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new Error(`${advice()}\n${reason}`, { cause: error });
  }
  const nginx = await describeNginx(join(folder, 'nginx'));
  if (nginx !== null) return nginx;
  await rm(folder, { recursive: true, force: true });
  throw new Error(
    `${advice()}\nDebian's packages were unpacked, but their nginx does not start with Lua here.`,
  );
}

function advice(): string {
  return (
    'No nginx with Lua was found, and none could be fetched. Install OpenResty, or nginx and libnginx-mod-http-lua ' +
    '(Debian 12), or name a binary in INGRESS_NGINX.'
  );
}

// The system's package lists serve when they know the packages and are still true; else lists of our own.
async function download(aptDir: string, into: string): Promise<void> {
  const shared = await aptOptions(aptDir, false);
  const names = await namesToFetch(shared);
  if (names !== null && (await succeeds('apt-get', [...shared, 'download', ...names], into))) return;
  const own = await aptOptions(aptDir, true);
  await execute('apt-get', [...own, 'update'], { timeout: 240_000 });
  const known = await namesToFetch(own);
  if (known === null)
    throw new Error(`The package sources of this machine do not have ${packages.join(', ')}.`);
  await execute('apt-get', [...own, 'download', ...known], { cwd: into, timeout: 240_000 });
}

// A configuration file rather than -o options: only a file can clear the hooks that container images set.
async function aptOptions(aptDir: string, ownLists: boolean): Promise<readonly string[]> {
  await mkdir(join(aptDir, 'lists/partial'), { recursive: true });
  await mkdir(join(aptDir, 'cache/archives/partial'), { recursive: true });
  const file = join(aptDir, ownLists ? 'own.conf' : 'shared.conf');
  const hooks = ['APT::Update::Pre-Invoke', 'APT::Update::Post-Invoke', 'APT::Update::Post-Invoke-Success'];
  const lines = hooks.map((hook) => `#clear ${hook};`);
  lines.push(`Dir::Cache "${aptDir}/cache";`, `Dir::Log "${aptDir}";`, 'Debug::NoLocking "true";');
  lines.push('APT::Sandbox::User "";');
  if (ownLists) lines.push(`Dir::State::lists "${aptDir}/lists";`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return ['-c', file];
}

// Our packages, and those libraries that they name and the system lacks. null: a package is not known.
async function namesToFetch(options: readonly string[]): Promise<readonly string[] | null> {
  if (!(await succeeds('apt-cache', [...options, 'show', ...packages]))) return null;
  const { stdout } = await execute('apt-cache', [...options, 'depends', ...packages]);
  const named = [...stdout.matchAll(/^ {2}Depends: ((?:lib|lua)[a-z0-9.+-]*|zlib1g)$/gm)].map(
    (match) => match[1] ?? '',
  );
  const lacking: string[] = [];
  for (const name of new Set(named)) {
    if (!packages.includes(name) && !(await isInstalled(name))) lacking.push(name);
  }
  return [...packages, ...lacking];
}

async function isInstalled(name: string): Promise<boolean> {
  const status = await execute('dpkg-query', ['-W', '-f', '$' + '{Status}\n', name]).catch(() => null);
  return status?.stdout.includes('install ok installed') ?? false;
}

async function unpack(from: string, root: string): Promise<void> {
  await mkdir(root);
  for (const file of (await readdir(from)).sort()) {
    if (file.endsWith('.deb')) await execute('dpkg', ['-x', join(from, file), root]);
  }
  await rm(from, { recursive: true, force: true });
}

// Written with the final paths, before the rename: who sees the folder sees it whole.
async function describe(building: string, folder: string): Promise<void> {
  const root = join(folder, 'root');
  const architecture = (await readdir(join(building, 'root/usr/lib'))).find((name) =>
    name.endsWith('-linux-gnu'),
  );
  if (architecture === undefined) throw new Error('The packages hold no library folder.');
  const libraries = [`${root}/usr/lib/${architecture}`, `${root}/lib/${architecture}`].join(':');
  await writeFile(join(building, 'nginx'), wrapper(folder, libraries));
  await chmod(join(building, 'nginx'), 0o755);
  const { stderr } = await execute(join(building, 'root/usr/sbin/nginx'), ['-v'], {
    env: { ...process.env, LD_LIBRARY_PATH: libraries.replaceAll(folder, building) },
  });
  const description = {
    version: /nginx\/([\d.]+)/.exec(stderr)?.[1] ?? 'unknown',
    modules: modules.map((module) => `${root}/usr/lib/nginx/modules/${module}`),
    luaPath: `${root}/usr/share/lua/5.1/?.lua;${root}/usr/share/lua/5.1/?/init.lua`,
    luaCpath: `${root}/usr/lib/${architecture}/lua/5.1/?.so`,
  };
  await writeFile(join(building, 'nginx.json'), `${JSON.stringify(description, null, 2)}\n`);
}

// nginx drops its environment before it starts its successor (USR2), so the successor has to come through this
// file again: argv[0] names it, not the real binary. `exec -a` is why this is bash, which Debian always has.
function wrapper(folder: string, libraries: string): string {
  return [
    '#!/bin/bash',
    '# The unpacked nginx with the libraries that came with it.',
    `export LD_LIBRARY_PATH='${libraries}'`,
    `exec -a '${folder}/nginx' '${folder}/root/usr/sbin/nginx' "$@"`,
    '',
  ].join('\n');
}

async function succeeds(command: string, args: readonly string[], cwd?: string): Promise<boolean> {
  try {
    await execute(command, args, {
      timeout: 240_000,
      maxBuffer: 16 << 20,
      ...(cwd === undefined ? {} : { cwd }),
    });
    return true;
  } catch {
    return false;
  }
}
