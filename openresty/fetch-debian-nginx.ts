// Debian's nginx with ngx_lua, downloaded and unpacked into a folder of ours. Nothing is installed: no root, no
// service, no maintainer script, and apt keeps its lists and caches below our folder.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadPackages, unpackPackages } from './debian-packages.ts';
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
    await downloadPackages(packages, { aptDir: join(cacheDir, 'apt'), into: join(building, 'packages') });
    await unpackPackages(join(building, 'packages'), join(building, 'root'));
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
