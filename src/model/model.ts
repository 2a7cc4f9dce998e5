// What Kubernetes objects mean for a gateway, with every decision taken: the output of `translate` and the only
// thing that `render` reads. Ids come from what a thing is, never from its position.

import type { Affinity, Balancing, HashKey, Ramp } from './balancing.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Profile, Settings } from './settings.ts';
import type { Authority, AuthorityId, Identity, IdentityId } from './upstream.ts';

export interface Model {
  readonly settings: Settings;
  /** Host → Server. `*` is the server for every host that has none of its own; `*.shop.example` takes one label. */
  readonly servers: ReadonlyMap<string, Server>;
  readonly backends: ReadonlyMap<BackendId, Backend>;
  readonly certificates: ReadonlyMap<CertificateId, Certificate>;
  /** What endpoints are shown, and whom they are verified with: all that profiles name. */
  readonly identities: ReadonlyMap<IdentityId, Identity>;
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  /** Serves what no location matches (`--default-backend-service`); null: 404. */
  readonly defaultRoute: Route | null;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Server {
  readonly host: string;
  /**
   * In nginx's terms, so that both matchers read one table: `exact` is `location = path`; `prefix` always ends in
   * `/` and is the longest that the URI starts with. A Prefix rule `/foo` is exact `/foo` plus prefix `/foo/`.
   * Or all of them are `regex`, in the order in which they are asked: `location ~* "^path"`.
   */
  readonly locations: readonly Location[];
  /** Requests for `/` are redirected there; absent: they are served. */
  readonly appRoot?: string;
  /** Shown to clients that name this host by SNI; null: that of the wildcard above it, else the default one. */
  readonly certificate: CertificateId | null;
  /** Shown beside it to clients that can do other keys: of other key types than `certificate`, one of each. */
  readonly otherCertificates: readonly CertificateId[];
  /** References of the Ingresses that this server is made of, oldest first. */
  readonly objects: readonly string[];
}

export interface Location {
  readonly match: 'exact' | 'prefix' | 'regex';
  /** Of a regex, what stands after the `^`; `path-pattern.ts` has read it. */
  readonly path: string;
  /** Of a regex, what everything that it matches begins with, and whether that is all that it says. */
  readonly literal?: { readonly text: string; readonly whole: boolean };
  readonly route: Route;
}

/** `namespace/ingress/host/<E|P>path`, hashed when longer than 200 bytes. */
export type RouteId = string;

export interface Route {
  readonly id: RouteId;
  /** The Ingress that it comes from: `Ingress/default/shop`. */
  readonly object: string;
  readonly backend: BackendId;
  /** In the order in which they are asked: oldest Ingress first. */
  readonly canaries: readonly Canary[];
  /** Answer plain HTTP with a redirect to https. */
  readonly sslRedirect: boolean;
  /** Why nothing may be served here (a gate that is asked for and not in force): every request gets 503. */
  readonly denied: string | null;
  /** Absent: endpoints are asked for the URI that the client asked for. */
  readonly rewrite?: Rewrite;
  readonly timeouts: Timeouts;
  readonly nextUpstreamTries: number;
  readonly nextUpstreamTimeout: number;
  /** Asked when no endpoint of `backend` is fit, or all that were tried have failed; null: nobody. */
  readonly failover: BackendId | null;
  /** null: any request may go to any endpoint. */
  readonly affinity: Affinity | null;
  readonly profile: Profile;
}

/** `rewrite "(?i)<pattern>" <target> break` in nginx's terms: the query stays as it is. */
export interface Rewrite {
  readonly pattern: string;
  readonly target: RewriteParts;
  /** Value of X-Forwarded-Prefix; null: what the client sent. */
  readonly forwardedPrefix: RewriteParts | null;
}

/** Literal text, and numbers of the pattern's groups. */
export type RewriteParts = readonly (string | number)[];

/** Seconds. */
export interface Timeouts {
  readonly connect: number;
  readonly send: number;
  readonly read: number;
}

/** ingress-nginx's precedence: header (value, else pattern, else always/never), cookie, weight. */
export interface Canary {
  readonly object: string;
  readonly backend: BackendId;
  /** Lower-case, or null. */
  readonly header: string | null;
  readonly headerValue: string | null;
  readonly headerPattern: string | null;
  readonly cookie: string | null;
  readonly weight: number;
  readonly weightTotal: number;
  /** What the weight's share is of: the same text is always on the same side. null: of requests, by chance. */
  readonly bucketBy: HashKey | null;
  /** null: the weight is what it says. */
  readonly ramp: Ramp | null;
}

/**
 * `namespace/service/port`, the port as the Service numbers it; and a `/` with 16 digits of a digest when an Ingress
 * balances it in a way of its own: then it is a backend of its own.
 */
export type BackendId = string;

export interface Backend {
  readonly id: BackendId;
  readonly balancing: Balancing;
  /** Sorted by address, then port; without repeats. Empty: 503. */
  readonly endpoints: readonly Endpoint[];
  /** Known and not among them, in the same order: for whoever asks why. */
  readonly left: readonly LeftEndpoint[];
}

export interface Endpoint {
  /** IPv4 or IPv6, the latter without brackets. */
  readonly address: string;
  readonly port: number;
  /** Relative share, ≥ 1. */
  readonly weight: number;
  /** Going away while it still serves: sessions that are there stay, nothing new comes. Never all of them. */
  readonly draining: boolean;
}

export interface LeftEndpoint {
  readonly address: string;
  readonly port: number;
  readonly why: 'not-ready' | 'terminating' | 'other-zone';
}

/** `namespace/secret`. */
export type CertificateId = string;

export interface Certificate {
  readonly id: CertificateId;
  /** PEM, leaf first. */
  readonly chain: string;
  /** PEM. Only documents carry it; never files, logs, goldens or answers. */
  readonly key: string;
  /** Of the leaf, RFC 3339. */
  readonly notAfter: string;
  /** As OpenSSL tells them apart: `rsa`, `ec`, `ed25519` … A handshake picks one certificate of those it can use. */
  readonly keyType: string;
  /** Signature schemes of TLS 1.3 that the key can do, as hex digits: `0403` is ECDSA on P-256. */
  readonly schemes: readonly string[];
  /** SHA-256 of the leaf, 64 hex digits: by it sources know the certificate. */
  readonly leaf: string;
  /** Proves the leaf not to be revoked; null: nothing is shown. */
  readonly staple: Staple | null;
}

/** An OCSP response. */
export interface Staple {
  /** DER in base64. */
  readonly response: string;
  /** Seconds since 1970. */
  readonly ends: number;
}
