// A temporary folder with manifests, and what a watcher says about it.

import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { watchFiles } from '../../../src/sources/files/watch-files.ts';

export interface Sandbox {
  readonly folder: string;
  at(path: string): string;
  /** Writes beside the folder and renames into it. */
  put(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createSandbox(): Promise<Sandbox> {
  const base = await mkdtemp(join(tmpdir(), 'ingress-sources-'));
  const folder = join(base, 'm');
  await mkdir(folder);
  let count = 0;
  const at = (path: string) => join(folder, path);
  return {
    folder,
    at,
    put: async (path, text) => {
      const temporary = join(base, `t${++count}`);
      await writeFile(temporary, text);
      await mkdir(dirname(at(path)), { recursive: true });
      await rename(temporary, at(path));
    },
    remove: () => rm(base, { recursive: true, force: true }),
  };
}

/** A ConfigMap mount's own dance: a new folder of data, `..data` swapped over, the old folder removed. */
export async function swapData(
  folder: string,
  version: number,
  files: Record<string, string>,
): Promise<void> {
  const name = `..2026_${version}`;
  await mkdir(join(folder, name));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, name, path), text);
  await symlink(name, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const path of Object.keys(files))
    await symlink(`..data/${path}`, join(folder, path)).catch(() => undefined);
  await rm(join(folder, `..2026_${version - 1}`), { recursive: true, force: true });
}

export function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: ${JSON.stringify(value)}\n`;
}

/** `default/a` → its `value`. */
export function values(snapshot: Snapshot | undefined): Record<string, string | undefined> {
  const maps = [...(snapshot?.configMaps ?? [])].map(([name, { data }]) => [name, data.value] as const);
  return Object.fromEntries(maps.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const SILENT = { warn: () => undefined, error: () => undefined };

export interface Watched {
  readonly all: Snapshot[];
  latest(): Snapshot;
  /** The next Snapshot (or the latest already) for which the check holds; fails loudly after five seconds. */
  until(check: (snapshot: Snapshot) => boolean): Promise<Snapshot>;
  stop(): void;
}

export async function watchSandbox(folders: readonly string[]): Promise<Watched> {
  const controller = new AbortController();
  const all: Snapshot[] = [];
  const listeners = new Set<() => void>();
  await watchFiles({
    folders,
    signal: controller.signal,
    log: SILENT,
    onSnapshot: (snapshot) => {
      all.push(snapshot);
      for (const listener of listeners) listener();
    },
  });
  const latest = () => all.at(-1) as Snapshot;
  return {
    all,
    latest,
    stop: () => controller.abort(),
    until: (check) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => end(() => reject(new Error(`never seen; last: ${describe(latest())}`))),
          5000,
        );
        const listener = () => {
          if (check(latest())) end(() => resolve(latest()));
        };
        const end = (then: () => void) => {
          clearTimeout(timer);
          listeners.delete(listener);
          then();
        };
        listeners.add(listener);
        listener();
      }),
  };
}

function describe(snapshot: Snapshot): string {
  return JSON.stringify({ values: values(snapshot), diagnostics: snapshot.diagnostics });
}
