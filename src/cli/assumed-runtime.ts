// The nginx that `render` writes for, since it asks none: the same everywhere, so that the output of two machines
// can be compared. What of it is not as on your machine is what `run` finds out by itself.

import type { Runtime } from '../model/runtime.ts';
import type { Flags } from '../options/flags.ts';

export function assumedRuntime(
  flags: Pick<Flags, 'prefix' | 'documentsSize' | 'includeMain' | 'includeHttp'>,
): Runtime {
  return {
    modules: [],
    luaPath: [],
    luaCpath: [],
    http2Directive: false,
    luaFolder: '/usr/lib/node_modules/ingress-openresty/lua',
    luaDigest: '0'.repeat(32),
    prefix: flags.prefix,
    documentsSize: flags.documentsSize,
    includeMain: flags.includeMain,
    includeHttp: flags.includeHttp,
  };
}
