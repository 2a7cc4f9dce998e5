// What nginx.conf.hbs and init.hbs are given, without the parts that they frame.

import type { Model } from '../../model/model.ts';
import { LAYOUT, type Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import { profileName, standardProfile } from '../profile.ts';
import { regexCacheEntries } from '../regex-host.ts';
import { SHARDS } from '../shard.ts';

export function mainView(settings: Settings, runtime: Runtime): object {
  return {
    hasModules: runtime.modules.length > 0,
    modules: runtime.modules,
    workerProcesses: String(settings.workerProcesses),
    limitsOpenFiles: settings.maxWorkerOpenFiles > 0,
    maxWorkerOpenFiles: settings.maxWorkerOpenFiles,
    workerShutdownTimeout: settings.workerShutdownTimeout,
    maxWorkerConnections: settings.maxWorkerConnections,
    pid: below(runtime, LAYOUT.pid),
    errorLog: below(runtime, LAYOUT.errorLog),
    errorLogLevel: settings.errorLogLevel,
    includeMain: runtime.includeMain,
    includeHttp: runtime.includeHttp,
  };
}

/** @param files digest of the files, the one place that depends on all others. */
export function initView(model: Model, runtime: Runtime, files: string, profiles: readonly string[]): object {
  return {
    luaDigest: runtime.luaDigest,
    luaPath: luaPathOf(runtime),
    hasLuaCpath: runtime.luaCpath.length > 0,
    luaCpath: runtime.luaCpath,
    ...zoneSizes(runtime.documentsSize),
    regexCacheEntries: regexCacheEntries(model),
    files,
    prefix: runtime.prefix,
    profiles,
    standard: profileName(standardProfile(model.settings)),
    shards: SHARDS,
  };
}

/** Where nginx finds Lua modules, ours first. */
export function luaPathOf(runtime: Pick<Runtime, 'luaFolder' | 'luaPath'>): readonly string[] {
  return [`${runtime.luaFolder}/?.lua`, `${runtime.luaFolder}/?/init.lua`, ...runtime.luaPath];
}

/**
 * Of the shared memory for documents and for the state that says what of them is in force. nginx empties a zone
 * whose size changes at a reload and keeps the others, and workers of before go on with the old one: two sizes of
 * documents never share a size of the state, so that both are new, or neither.
 */
function zoneSizes(wanted: number): { readonly documentsSize: number; readonly stateSize: number } {
  const documentsSize = Math.ceil(wanted / PAGE) * PAGE;
  return { documentsSize, stateSize: LEAST_STATE + documentsSize / 256 };
}

const PAGE = 4096;
/** The log of the last changes takes 2 MiB at most; the rest is little. */
const LEAST_STATE = 3840 * 1024;

export function below(runtime: Runtime, place: string): string {
  return `${runtime.prefix}/${place}`;
}
