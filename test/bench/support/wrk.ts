// wrk, the load generator: the machine's own, or Debian's package unpacked beside the nginx of the tests.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { downloadPackages, unpackPackages } from '../../../openresty/debian-packages.ts';
import { withFolderLock } from '../../../openresty/folder-lock.ts';
import { LOAD_CPU } from './cpu.ts';

const execute = promisify(execFile);
const cacheDir = resolve(import.meta.dirname, '../../../.nginx');

export type WrkOptions = {
  readonly port: number;
  readonly tls?: boolean;
  /** Each request names one of these, at random. */
  readonly hosts: readonly string[];
  readonly path?: string;
  /** So many URIs for each host, at random: the path with a number behind it. Absent: the path alone. */
  readonly uris?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
};

export type WrkResult = {
  readonly requests: number;
  readonly seconds: number;
  /** Answers that were not 2xx or 3xx, and connections that failed. */
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
};

/** Absolute path. Throws when it is nowhere and cannot be fetched. */
export async function ensureWrk(): Promise<string> {
  const own = await execute('sh', ['-c', 'command -v wrk']).catch(() => null);
  if (own !== null) return own.stdout.trim();
  const folder = join(cacheDir, 'wrk');
  const binary = join(folder, 'wrk');
  if (await exists(binary)) return binary;
  await withFolderLock(join(cacheDir, 'wrk-lock'), async () => {
    if (!(await exists(binary))) await fetchWrk(folder);
  });
  return binary;
}

/** One load of `seconds`. Microseconds of latency. Throws when not one request was answered. */
export async function runWrk(wrk: string, script: string, options: WrkOptions): Promise<WrkResult> {
  const { port, tls = false, path = '/', connections, seconds } = options;
  await writeFile(script, scriptOf(options));
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}${path}`;
  const asked = ['-t1', `-c${connections}`, `-d${Math.max(1, Math.round(seconds))}s`, '-s', script, url];
  const { stdout } = await execute('taskset', ['-c', String(LOAD_CPU), wrk, ...asked], {
    timeout: seconds * 1000 + 30_000,
  });
  const result = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{'))) as WrkResult;
  if (result.requests === 0) throw new Error(`no answer from port ${port}`);
  return result;
}

// Requests are made once, before the load: what is sent must not cost the generator more than what is hot.
function scriptOf({ hosts, path = '/', uris, headers = {} }: WrkOptions): string {
  const more = Object.entries(headers).map(([name, value]) => `["${name}"] = "${value}"`);
  return `
local requests, count = {}, 0
function init()
  for host in ([[${hosts.join(' ')}]]):gmatch("%S+") do
    for uri = 1, ${uris ?? 1} do
      count = count + 1
      requests[count] = wrk.format("GET", "${path}"${uris === undefined ? '' : ' .. uri'}, { Host = host, ${more.join(', ')} })
    end
  end
  math.randomseed(os.time())
end
local random = math.random
function request() return requests[random(count)] end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%.6f,"errors":%d,"p50":%d,"p99":%d}\\n', summary.requests,
    summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50),
    latency:percentile(99)))
end
`;
}

// libluajit is an alternative among wrk's dependencies, which are not followed.
async function fetchWrk(folder: string): Promise<void> {
  const building = join(cacheDir, 'building-wrk');
  await rm(building, { recursive: true, force: true });
  await mkdir(join(building, 'packages'), { recursive: true });
  await downloadPackages(['wrk', 'libluajit-5.1-2'], {
    aptDir: join(cacheDir, 'apt'),
    into: join(building, 'packages'),
  });
  await unpackPackages(join(building, 'packages'), join(building, 'root'));
  const libraries = (await readdir(join(building, 'root/usr/lib'))).find((name) =>
    name.endsWith('-linux-gnu'),
  );
  const root = join(folder, 'root');
  const wrapper = [
    '#!/bin/sh',
    `LD_LIBRARY_PATH='${root}/usr/lib/${libraries}' exec '${root}/usr/bin/wrk' "$@"`,
    '',
  ];
  await writeFile(join(building, 'wrk'), wrapper.join('\n'));
  await chmod(join(building, 'wrk'), 0o755);
  await rm(folder, { recursive: true, force: true });
  await rename(building, folder);
  await execute(join(folder, 'wrk'), ['-v']).catch((error: { stdout?: string }) => {
    if (!(error.stdout ?? '').startsWith('wrk ')) throw error; // its exit code is 1 even so
  });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
