// Which nginx binaries of this machine have Lua: decided by letting each test a configuration that uses it.
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

export type Nginx = {
  /** Absolute path; started by this name, so that a binary upgrade (USR2) finds it again. */
  readonly binary: string;
  /** Absolute paths for `load_module`, in this order; empty when Lua is built in. */
  readonly modules: readonly string[];
  /** Values for lua_package_path and lua_package_cpath; empty when the built-in ones are right. */
  readonly luaPath: string;
  readonly luaCpath: string;
  /** What the process needs in its environment besides ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
};

const execute = promisify(execFile);
const folders = [
  '/usr/local/openresty/nginx/sbin',
  '/usr/local/openresty/bin',
  '/usr/sbin',
  '/usr/local/sbin',
];
const debianModules = '/usr/lib/nginx/modules';
const luaModules = ['ndk_http_module.so', 'ngx_http_lua_module.so'];

/** The first OpenResty or nginx on PATH, or in the folders where packages put them, that has Lua. */
export async function findInstalledNginx(): Promise<Nginx | null> {
  const searched = [...(process.env.PATH ?? '').split(delimiter), ...folders].filter(
    (folder) => folder !== '',
  );
  for (const name of ['openresty', 'nginx']) {
    for (const folder of new Set(searched)) {
      const found = await describeNginx(join(folder, name));
      if (found !== null) return found;
    }
  }
  return null;
}

/** How to use this binary with Lua, or null when it is none or has none. */
export async function describeNginx(binary: string): Promise<Nginx | null> {
  const version = await readVersion(binary);
  if (version === null) return null;
  for (const how of await candidates(binary)) {
    const nginx: Nginx = { binary, env: {}, version, ...how };
    if (await hasLua(nginx)) return nginx;
  }
  return null;
}

type How = Pick<Nginx, 'modules' | 'luaPath' | 'luaCpath'>;

async function candidates(binary: string): Promise<readonly How[]> {
  const described = await readDescription(join(dirname(binary), 'nginx.json'));
  if (described !== null) return [described];
  const builtIn: How = { modules: [], luaPath: '', luaCpath: '' };
  const present: readonly string[] = await readdir(debianModules).catch(() => []);
  if (!luaModules.every((module) => present.includes(module))) return [builtIn];
  return [builtIn, { ...builtIn, modules: luaModules.map((module) => join(debianModules, module)) }];
}

/** The `nginx.json` beside a binary; null when there is none or it is not one. */
export async function readDescription(file: string): Promise<(How & { readonly version: string }) | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text === '') return null;
  try {
    const { version, modules, luaPath, luaCpath } = JSON.parse(text) as Record<string, unknown>;
    if (!Array.isArray(modules) || !modules.every((module) => typeof module === 'string')) return null;
    if (typeof version !== 'string' || typeof luaPath !== 'string' || typeof luaCpath !== 'string')
      return null;
    return { version, modules, luaPath, luaCpath };
  } catch {
    return null;
  }
}

async function readVersion(binary: string): Promise<string | null> {
  try {
    await access(binary, constants.X_OK);
    const { stderr } = await execute(binary, ['-v'], { timeout: 10_000 });
    return /version: \w+\/([\d.]+)/.exec(stderr)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function hasLua(nginx: Nginx): Promise<boolean> {
  const prefix = await mkdtemp(join(tmpdir(), 'nginx-probe-'));
  try {
    await mkdir(join(prefix, 'logs'));
    await writeFile(join(prefix, 'nginx.conf'), probe(nginx, prefix));
    const args = ['-t', '-p', prefix, '-c', 'nginx.conf', '-e', 'logs/error.log'];
    await execute(nginx.binary, args, { timeout: 20_000, env: { ...process.env, ...nginx.env } });
    return true;
  } catch {
    return false;
  } finally {
    await rm(prefix, { recursive: true, force: true });
  }
}

function probe({ modules, luaPath, luaCpath }: How, prefix: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    ...modules.map((module) => `load_module ${module};`),
    'pid logs/nginx.pid;',
    'error_log logs/error.log;',
    'events {}',
    'http {',
    ...(luaPath === '' ? [] : [`lua_package_path "${luaPath};;";`, `lua_package_cpath "${luaCpath};;";`]),
    'access_log off;',
    ...temporary.map((name) => `${name}_temp_path temp_${name};`),
    'lua_shared_dict probe 32k;',
    `server { listen unix:${prefix}/s; location / { content_by_lua_block { ngx.say(1) } } }`,
    '}',
    '',
  ].join('\n');
}
