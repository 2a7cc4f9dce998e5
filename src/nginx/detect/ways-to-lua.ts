// The ways in which an nginx may come to its Lua, to be tried in turn: built in (OpenResty), as `nginx.json` beside
// the binary says (an unpacked nginx), or with the modules of the distribution's packages.

import { access, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';

export interface WayToLua {
  readonly name: string;
  readonly modules: readonly string[];
  readonly luaPath: readonly string[];
  readonly luaCpath: readonly string[];
}

export async function waysToLua(binary: string): Promise<readonly WayToLua[]> {
  const builtIn: WayToLua = { name: 'built in', modules: [], luaPath: [], luaCpath: [] };
  const described = await readDescription(join(dirname(await realpath(binary)), 'nginx.json'));
  const packaged: WayToLua[] = [];
  for (const folder of new Set([await moduleFolder(binary), ...USUAL])) {
    const modules = LUA_MODULES.map((module) => join(folder, module));
    if (await allExist(modules)) packaged.push({ ...builtIn, name: `modules of ${folder}`, modules });
  }
  return [builtIn, ...(described === null ? [] : [described]), ...packaged];
}

const USUAL = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules'];
const LUA_MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so']; // in this order: the second needs the first

const PATHS = z.union([z.string(), z.array(z.string())]).default([]);
const DESCRIPTION = z.object({
  modules: z.array(z.string().startsWith('/')),
  luaPath: PATHS,
  luaCpath: PATHS,
});

async function readDescription(file: string): Promise<WayToLua | null> {
  try {
    const parsed = DESCRIPTION.safeParse(JSON.parse(await readFile(file, 'utf8')));
    if (!parsed.success) return null;
    const { modules, luaPath, luaCpath } = parsed.data;
    return { name: file, modules, luaPath: entries(luaPath), luaCpath: entries(luaCpath) };
  } catch {
    return null;
  }
}

/** Lua's own form `a;b;;` or a list; the default (`;;`) is the template's to add. */
function entries(path: string | readonly string[]): readonly string[] {
  return (typeof path === 'string' ? path.split(';') : path).filter((entry) => entry !== '');
}

/** Where this build looks for modules: what it was configured with, else the usual place. */
async function moduleFolder(binary: string): Promise<string> {
  const { stderr } = await execa(binary, ['-V'], { reject: false, stdin: 'ignore', timeout: 10_000 });
  return /--modules-path=(\/[^\s']+)/.exec(String(stderr))?.[1] ?? '/usr/lib/nginx/modules';
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}
