// What the nginx at hand can do, found by letting it try: never by its version.

import { resolve } from 'node:path';

import type { Runtime } from '../../model/runtime.ts';
import { automaticWorkers } from '../reload/expected-workers.ts';
import { checkIncludes, checkPrefix, type Fault } from './check-inputs.ts';
import { findBinary } from './find-binary.ts';
import { digestLua } from './lua-digest.ts';
import { type Probe, withProbe } from './probe.ts';
import { type WayToLua, waysToLua } from './ways-to-lua.ts';

export interface DetectOptions {
  /** A path, or a name to be found on `path`. */
  readonly binary: string;
  readonly prefix: string;
  readonly luaFolder: string;
  /** Bytes. */
  readonly documentsSize: number;
  readonly includeMain: readonly string[];
  readonly includeHttp: readonly string[];
  /** $PATH of the caller; the usual folders of nginx are searched after it. */
  readonly path?: string;
}

export interface Detected {
  readonly runtime: Runtime;
  /** Absolute. */
  readonly binary: string;
  /** What `worker_processes auto` comes to here. */
  readonly workers: number;
}

export interface DetectionFailure extends Fault {
  readonly outcome: 'failed';
}

export async function detectNginx(options: DetectOptions): Promise<Detected | DetectionFailure> {
  const prefix = resolve(options.prefix);
  const fault = checkPrefix(prefix);
  if (fault !== null) return { outcome: 'failed', ...fault };
  const includeMain = await checkIncludes(options.includeMain, '--include-main');
  if ('message' in includeMain) return { outcome: 'failed', ...includeMain };
  const includeHttp = await checkIncludes(options.includeHttp, '--include-http');
  if ('message' in includeHttp) return { outcome: 'failed', ...includeHttp };

  const binary = await findBinary(options.binary, options.path ?? '');
  if (binary === null) return { outcome: 'failed', ...describeMissing(options.binary) };
  const found = await withProbe(binary, (probe) => tryWays(binary, probe));
  if ('message' in found) return { outcome: 'failed', ...found };

  const { modules, luaPath, luaCpath } = found.way;
  const { documentsSize } = options;
  const luaFolder = resolve(options.luaFolder);
  const luaDigest = await digestLua(luaFolder);
  const features = { http2Directive: found.http2Directive, luaFolder, luaDigest };
  const runtime: Runtime = {
    modules,
    luaPath,
    luaCpath,
    ...features,
    prefix,
    documentsSize,
    includeMain,
    includeHttp,
  };
  return { runtime, binary, workers: automaticWorkers() };
}

type Found = { readonly way: WayToLua; readonly http2Directive: boolean };

async function tryWays(binary: string, probe: Probe): Promise<Found | Fault> {
  const [plain] = await waysToLua(binary);
  const nonsense = plain === undefined ? null : await probe.reads(plain, 'no_such_directive on;');
  if (nonsense?.works === true) return { message: `${binary} is not an nginx`, hint: HINT_LUA };
  let reason = '';
  for (const way of await waysToLua(binary)) {
    // A block, and not a module's presence: it fails where Lua, or the resty.core that ngx_lua needs, is missing.
    const lua = await probe.reads(way, 'lua_shared_dict probe 12k;');
    if (!lua.works) {
      // The plain try always complains about the unknown directive; a way that should work says more.
      if (reason === '' || way.modules.length > 0) reason = lua.message;
      continue;
    }
    const loaded = await probe.loads(way, NEEDED);
    if (!loaded.works)
      return { message: `the Lua of ${binary} is incomplete: ${loaded.message}`, hint: HINT_LIBRARIES };
    const http2 = await probe.reads(way, 'http2 on;');
    return { way, http2Directive: http2.works };
  }
  return { message: `this nginx (${binary}) has no Lua: ${reason}`, hint: HINT_LUA };
}

const NEEDED = ['resty.core', 'resty.lrucache', 'cjson.safe'];
const HINT_LUA =
  'install libnginx-mod-http-lua (Debian, Ubuntu) or OpenResty, or name another nginx with --nginx';
const HINT_LIBRARIES = 'install lua-resty-core, lua-resty-lrucache and lua-cjson, or use OpenResty';

function describeMissing(name: string): Fault {
  const hint = 'install OpenResty, or nginx with libnginx-mod-http-lua, and name the binary with --nginx';
  const where = name.includes('/') ? 'is not an executable file' : 'is not on PATH nor in the usual folders';
  return { message: `${name} ${where}`, hint };
}
