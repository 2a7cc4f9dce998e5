// What nginx.conf.hbs and init.hbs are given, without the parts that they frame.

import { LAYOUT, type Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
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
export function initView(runtime: Runtime, files: string, profiles: readonly string[]): object {
  return {
    luaDigest: runtime.luaDigest,
    luaPath: [`${runtime.luaFolder}/?.lua`, `${runtime.luaFolder}/?/init.lua`, ...runtime.luaPath],
    hasLuaCpath: runtime.luaCpath.length > 0,
    luaCpath: runtime.luaCpath,
    documentsSize: runtime.documentsSize,
    files,
    prefix: runtime.prefix,
    profiles,
    shards: SHARDS,
  };
}

export function below(runtime: Runtime, place: string): string {
  return `${runtime.prefix}/${place}`;
}
