// Small configurations that nginx is asked to read, or to start with, in a folder of their own: a feature is there
// when it works, whatever version the build claims to be.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

import { parseComplaints } from '../reload/parse-emerg.ts';
import type { WayToLua } from './ways-to-lua.ts';

export type ProbeResult = { readonly works: true } | { readonly works: false; readonly message: string };

export interface Probe {
  /** Does nginx read this in its http block? */
  readonly reads: (way: WayToLua, directives: string) => Promise<ProbeResult>;
  /** Can Lua load these modules? nginx is started for it and ends before it binds anything. */
  readonly loads: (way: WayToLua, modules: readonly string[]) => Promise<ProbeResult>;
}

export async function withProbe<T>(binary: string, use: (probe: Probe) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ingress-openresty-probe-'));
  const run = async (flags: readonly string[], config: string): Promise<ProbeResult> => {
    await writeFile(join(folder, 'conf/probe.conf'), config);
    const args = [...flags, '-p', folder, '-c', 'conf/probe.conf'];
    const result = await execa(binary, args, { reject: false, stdin: 'ignore', timeout: 20_000 });
    if (result.exitCode === 0) return { works: true };
    const [complaint] = parseComplaints(result.stderr);
    const last = result.stderr.trimEnd().split('\n').at(-1);
    return { works: false, message: complaint?.message ?? (last || result.shortMessage || 'it did not run') };
  };
  try {
    await mkdir(join(folder, 'conf'));
    await mkdir(join(folder, 'logs'));
    return await use({
      reads: (way, directives) => run(['-t'], configOf(way, directives)),
      loads: (way, modules) =>
        run(['-g', 'daemon off; master_process off;'], configOf(way, loading(modules))),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// In init_by_lua nothing is bound yet; os.exit there ends the process with the answer.
function loading(modules: readonly string[]): string {
  const list = modules.map((module) => `"${module}"`).join(', ');
  return `init_by_lua_block {
    for _, name in ipairs({ ${list} }) do
      local ok, reason = pcall(require, name)
      if not ok then
        io.stderr:write("nginx: [emerg] ", (tostring(reason):gsub("\\n.*", "")), "\\n")
        os.exit(1)
      end
    end
    os.exit(0)
  }`;
}

function configOf({ modules, luaPath, luaCpath }: WayToLua, directives: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${modules.map((module) => `load_module "${module}";\n`).join('')}pid probe.pid;
error_log stderr;
events {}
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${name};\n`).join('')}${searchPath('lua_package_path', luaPath)}${searchPath('lua_package_cpath', luaCpath)}  ${directives}
}
`;
}

function searchPath(directive: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : `  ${directive} "${entries.join(';')};;";\n`;
}
