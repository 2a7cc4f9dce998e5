// What is known of the nginx that will read the files: found by detection, or assumed by `render`, which needs no
// nginx. Typed and of strict grammar, so that the templates may place it.

export interface Runtime {
  /** Absolute paths of the modules to `load_module`; empty for an OpenResty. */
  readonly modules: readonly string[];
  /** Entries of lua_package_path and lua_package_cpath before the default ones (`;;` is added by the template). */
  readonly luaPath: readonly string[];
  readonly luaCpath: readonly string[];
  /** Has `http2 on;` (nginx ≥ 1.25.1); else `listen … http2`. Found by trying, never by version. */
  readonly http2Directive: boolean;
  /** Folder of our Lua (`lua/` of the package) and the digest of its files: new code needs a reload too. */
  readonly luaFolder: string;
  readonly luaDigest: string;
  /** Absolute; the folders below it are fixed, see `Layout`. */
  readonly prefix: string;
  /** Bytes of the shared dict that holds the documents (`--documents-size`). */
  readonly documentsSize: number;
  /** Files of the operator, included as they are. */
  readonly includeMain: readonly string[];
  readonly includeHttp: readonly string[];
}

/** Below the prefix. Sockets in `control` are for the controller alone (0750); those in `run` for workers. */
export const LAYOUT = {
  config: 'conf/nginx.conf',
  /** Certificates of authorities, named by what they hold. */
  authorities: 'conf/authorities',
  state: 'state',
  documents: 'state/documents',
  files: 'state/files',
  defaultCertificate: 'state/tls/default.crt',
  defaultKey: 'state/tls/default.key',
  controlSocket: 'control/config.sock',
  notFoundSocket: 'run/404.sock',
  unavailableSocket: 'run/503.sock',
  pid: 'run/nginx.pid',
  errorLog: 'logs/error.log',
  accessLog: 'logs/access.log',
  temp: 'tmp',
} as const;
