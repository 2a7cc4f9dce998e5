// What Lua reads: canonical JSON keyed by object, taken live from shared memory. The documents are the whole
// truth; the files are what of it has been compiled. Values here change without a reload.

export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** In the order in which they are put in force; removals go the other way: make before break. */
export const DOCUMENT_KINDS = ['settings', 'certificate', 'backend', 'route', 'host'] as const;

/** `kind:id`, the key of a document in maps, in shared memory and in removals. */
export type DocumentKey = `${DocumentKind}:${string}`;

export interface Document {
  readonly kind: DocumentKind;
  readonly id: string;
  /** 32 hex digits of SHA-256 over kind, id and canonical body. */
  readonly digest: string;
  readonly body: DocumentBody;
  /** The line as it is sent and stored: `{"body":…,"digest":…,"id":…,"kind":…,"v":1}`, keys sorted, no spaces. */
  readonly line: string;
}

export type DocumentBody = SettingsBody | CertificateBody | BackendBody | RouteBody | HostBody;

/** One document, id `global`. */
export interface SettingsBody {
  readonly httpRedirectCode: number;
  readonly noTlsRedirectLocations: readonly string[];
  readonly defaultCertificate?: string;
  /** Key of the route for what nothing matches. */
  readonly defaultRoute?: string;
  /** Seconds: what `proxy_*_timeout` of the http block says; routes carry only what differs. */
  readonly timeouts: { readonly connect: number; readonly send: number; readonly read: number };
}

export interface CertificateBody {
  readonly chain: string;
  readonly key: string;
}

export interface BackendBody {
  readonly algorithm: string;
  /** `weight` is left out when it is 1. */
  readonly endpoints: readonly {
    readonly address: string;
    readonly port: number;
    readonly weight?: number;
  }[];
}

/** The id is the route's key, `routeId@digest of what it was cut from`. Absent fields mean "no" or "as settings say". */
export interface RouteBody {
  /** `namespace/ingress`, for logs and metrics. */
  readonly ingress: string;
  readonly backend: string;
  readonly canaries?: readonly CanaryBody[];
  readonly sslRedirect?: true;
  readonly denied?: string;
  /** Compiled locations that name this key are of older paths of the host: the balancer asks the router. */
  readonly stale?: true;
  readonly timeouts?: { readonly connect: number; readonly send: number; readonly read: number };
  readonly tries: number;
  readonly triesTimeout?: number;
  /** Bytes; 0: no limit. The interpreter checks it itself. */
  readonly bodySize: number;
  /** Named location of the interpreter, and the one of equal profile but without a limit on bodies. */
  readonly profile: string;
  readonly unlimitedProfile: string;
  /** Upstream block, `shard_00` … */
  readonly shard: string;
}

export interface CanaryBody {
  readonly backend: string;
  readonly header?: string;
  readonly headerValue?: string;
  readonly headerPattern?: string;
  readonly cookie?: string;
  readonly weight: number;
  readonly weightTotal: number;
}

/** The id is the host: `shop.example`, `*.shop.example`, or `*` for every other. Paths as in `Location`. */
export interface HostBody {
  readonly certificate?: string;
  readonly exact: Readonly<Record<string, string>>;
  readonly prefix: Readonly<Record<string, string>>;
}

export function documentKey(document: { readonly kind: DocumentKind; readonly id: string }): DocumentKey {
  return `${document.kind}:${document.id}`;
}
