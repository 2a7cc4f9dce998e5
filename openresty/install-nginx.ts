// How to get an nginx with Lua without root and without touching the system.
//
// In order: the binary that INGRESS_NGINX names; an `openresty` or `nginx` of this machine that proves to have
// Lua; Debian's packages, unpacked below a cache folder. The last gives one folder that moves and dies as one:
//
//   <cache>/debian/nginx       what to pass as --nginx: starts the unpacked binary with its libraries
//   <cache>/debian/nginx.json  {"version", "modules": [absolute .so paths, in load order],
//                               "luaPath": lua_package_path, "luaCpath": lua_package_cpath}
//   <cache>/debian/root/       the unpacked packages
//
// Who is given a binary reads `nginx.json` beside it; an empty luaPath means "the built-in one is right".
import { resolve } from 'node:path';
import { fetchDebianNginx, readDebianNginx } from './fetch-debian-nginx.ts';
import { describeNginx, findInstalledNginx, type Nginx } from './find-nginx.ts';
import { withFolderLock } from './folder-lock.ts';

export type { Nginx } from './find-nginx.ts';

const defaultCache = resolve(import.meta.dirname, '../.nginx');

/** Idempotent, and safe to call from several processes at once. Throws when there is no way, naming what to install. */
export async function ensureNginx(cacheFolder: string = defaultCache): Promise<Nginx> {
  const cacheDir = resolve(cacheFolder);
  const named = process.env.INGRESS_NGINX;
  if (named !== undefined && named !== '') return useNamed(resolve(named));
  const installed = (await findInstalledNginx()) ?? (await readDebianNginx(cacheDir));
  if (installed !== null) return installed;
  return withFolderLock(resolve(cacheDir, 'lock'), async () => {
    const byAnother = await readDebianNginx(cacheDir);
    return byAnother ?? fetchDebianNginx(cacheDir);
  });
}

async function useNamed(binary: string): Promise<Nginx> {
  const nginx = await describeNginx(binary);
  if (nginx !== null) return nginx;
  throw new Error(
    `INGRESS_NGINX names ${binary}, which is not an nginx with Lua; name an OpenResty, or an nginx with ngx_lua`,
  );
}

function explain(nginx: Nginx): string {
  const lines = [nginx.binary, '', `version   ${nginx.version}`];
  lines.push(`modules   ${nginx.modules.length === 0 ? 'built in' : nginx.modules.join('\n          ')}`);
  if (nginx.luaPath !== '') lines.push(`Lua path  ${nginx.luaPath}`, `C path    ${nginx.luaCpath}`);
  lines.push('', `pass it as: --nginx ${nginx.binary}`);
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) {
  try {
    process.stdout.write(explain(await ensureNginx()));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
