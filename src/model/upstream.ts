// How endpoints are spoken to where it is not plain HTTP: protocol, TLS, FastCGI. Only directives can say it, so it is
// part of a Profile; and connections are kept by it, so that none is ever used with another identity.

export const PROTOCOLS = ['HTTP', 'HTTPS', 'AUTO_HTTP', 'GRPC', 'GRPCS', 'FCGI'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface Upstream {
  /** `AUTO_HTTP`: HTTP or HTTPS, as the client came. */
  readonly protocol: Exclude<Protocol, 'HTTP'>;
  /** null: none is spoken, or the usual one: unverified, without a name and without a certificate of ours. */
  readonly tls: UpstreamTls | null;
  /** Of FCGI alone. */
  readonly fastcgi: FastCgi | null;
}

export interface UpstreamTls {
  /** Lower-case host name for SNI and verification; null: neither needs one. */
  readonly name: string | null;
  /** Send the name as SNI. */
  readonly serverName: boolean;
  /** Whom to trust; null: nothing is verified. */
  readonly authority: AuthorityId | null;
  readonly verifyDepth: number;
  /** Whose certificate we show; null: none. */
  readonly identity: IdentityId | null;
  /** Sorted. */
  readonly protocols: readonly TlsProtocol[];
  /** An OpenSSL cipher list of strict alphabet. */
  readonly ciphers: string;
}

export const TLS_PROTOCOLS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsProtocol = (typeof TLS_PROTOCOLS)[number];

export interface FastCgi {
  /** Appended to URIs that end in `/`; null: nothing. */
  readonly index: string | null;
  /** By name, sorted; names and values of strict grammar, the latter with some of nginx's variables. */
  readonly params: readonly { readonly name: string; readonly value: string }[];
}

/** `namespace/secret`. */
export type IdentityId = string;

/** What we show endpoints that ask for a certificate. The Secret is one that can be served, too. */
export interface Identity {
  readonly id: IdentityId;
  /** PEM, leaf first. */
  readonly chain: string;
  /** PEM. Only documents carry it; never files, logs, goldens or answers. */
  readonly key: string;
}

/** 32 hex digits of SHA-256 over the bundle: the name of its file. */
export type AuthorityId = string;

/** Certificates of authorities that endpoints are verified with: public, and a file of its own. */
export interface Authority {
  readonly id: AuthorityId;
  /** PEM. */
  readonly bundle: string;
}
