// What Lua reads: canonical JSON keyed by object, taken live from shared memory. The documents are the whole
// truth; the files are what of it has been compiled. Values here change without a reload.

export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** In the order in which they are put in force; removals go the other way: make before break. */
export const DOCUMENT_KINDS = ['settings', 'certificate', 'identity', 'backend', 'route', 'host'] as const;

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

export type DocumentBody = SettingsBody | CertificateBody | IdentityBody | BackendBody | RouteBody | HostBody;

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
  /** Signature schemes of TLS 1.3 that the key can do, as hex digits: `0403` is ECDSA on P-256. */
  readonly schemes?: readonly string[];
  /** An OCSP response, base64 of its DER, and when it ends, in seconds since 1970. */
  readonly ocsp?: { readonly response: string; readonly ends: number };
}

/** Shown to endpoints; the id is that of its Secret. */
export interface IdentityBody {
  readonly chain: string;
  readonly key: string;
}

/** As `Balancing` of the model; what is absent there is absent here. */
export interface BackendBody {
  readonly algorithm: string;
  /** `weight` is left out when it is 1. */
  readonly endpoints: readonly {
    readonly address: string;
    readonly port: number;
    readonly weight?: number;
    readonly draining?: true;
  }[];
  readonly hashBy?: readonly string[];
  readonly subsetSize?: number;
  readonly slowStart?: number;
  readonly panicThreshold?: number;
  readonly passive?: {
    readonly maxFails: number;
    readonly failTimeout: number;
    readonly statuses?: readonly (readonly [number, number])[];
    readonly maxEjected: number;
  };
  readonly check?: {
    readonly type: string;
    readonly interval: number;
    readonly timeout: number;
    readonly rise: number;
    readonly fall: number;
    readonly port?: number;
    readonly path?: string;
    readonly host?: string;
    readonly statuses?: readonly (readonly [number, number])[];
    readonly service?: string;
  };
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
  readonly rewrite?: RewriteBody;
  readonly timeouts?: { readonly connect: number; readonly send: number; readonly read: number };
  readonly tries: number;
  readonly triesTimeout?: number;
  /** Bytes; 0: no limit. The interpreter checks it itself. */
  readonly bodySize: number;
  /** Named location of the interpreter, and the one of equal profile but without a limit on bodies. */
  readonly profile: string;
  readonly unlimitedProfile: string;
  /**
   * Upstream block: `00_shard` … for plain HTTP, `https_0` … or `https_<digest of the identity>` for others. A
   * location of one protocol and identity never serves a route of another.
   */
  readonly shard: string;
  /** Whose certificate endpoints are shown. */
  readonly identity?: string;
  /** Of a measured route: the unlimited profile without the measuring, for as long as the files lack the others. */
  readonly unmeasuredProfile?: string;
  readonly failover?: string;
  readonly affinity?: AffinityBody;
}

/** Absent fields mean null or false; of `canary`, `sticky`. */
export interface AffinityBody {
  readonly name: string;
  readonly mode: string;
  readonly path: string;
  readonly domain?: string;
  readonly expires?: number;
  readonly maxAge?: number;
  readonly sameSite?: string;
  readonly secure?: boolean;
  readonly conditionalSameSiteNone?: true;
  readonly changeOnFailure?: true;
  readonly canary?: 'legacy';
}

/** Only interpreted routes have one. Lists of literal text and numbers of groups. */
export interface RewriteBody {
  /** Matched anywhere, whatever the case, as nginx's `rewrite` does. */
  readonly pattern: string;
  readonly target: readonly (string | number)[];
  readonly forwardedPrefix?: readonly (string | number)[];
}

export interface CanaryBody {
  readonly backend: string;
  readonly header?: string;
  readonly headerValue?: string;
  readonly headerPattern?: string;
  readonly cookie?: string;
  readonly weight: number;
  readonly weightTotal: number;
  /** Parts of the text that buckets are made of, as `hashBy`; never without `salt`, which tells canaries apart. */
  readonly bucketBy?: readonly string[];
  readonly salt?: string;
  readonly ramp?: { readonly start: number; readonly duration: number };
}

/** The id is the host: `shop.example`, `*.shop.example`, or `*` for every other. Paths as in `Location`. */
export interface HostBody {
  readonly certificate?: string;
  /** Never without `certificate`. */
  readonly otherCertificates?: readonly string[];
  readonly exact: Readonly<Record<string, string>>;
  readonly prefix: Readonly<Record<string, string>>;
  /** Instead of both, in the order in which they are asked. */
  readonly regex?: readonly RegexBody[];
  /** Where requests for `/` are redirected to. */
  readonly appRoot?: string;
}

export interface RegexBody {
  /** Lower-case; every URI that matches begins with it, whatever the case. */
  readonly literal: string;
  /** To be matched at the start of the URI, whatever the case; absent: the literal is all. */
  readonly pattern?: string;
  /** Key of the route. */
  readonly route: string;
}

export function documentKey(document: { readonly kind: DocumentKind; readonly id: string }): DocumentKey {
  return `${document.kind}:${document.id}`;
}
