// What one request needs to be let in: where the server is, how to trust it, and who we are.

/** Good for requests made now; read anew for each, from what is remembered for a short time. */
export interface Grant {
  readonly server: URL;
  readonly namespace: string;
  readonly tls: TlsMaterial;
  readonly proxy: string | null;
  /** `authorization` and impersonation; never logged. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface TlsMaterial {
  /** PEM; undefined: the roots that Node trusts. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Name to verify instead of the host of the URL. */
  readonly servername: string | undefined;
  readonly insecure: boolean;
}

export interface Trouble {
  readonly message: string;
  readonly hint: string;
  /** Given when only the credentials are missing, and may come by themselves: no reason not to start. */
  readonly home?: Home;
}

/** What is known without credentials. */
export interface Home {
  readonly server: URL;
  readonly namespace: string;
  readonly insecure: boolean;
}

export interface Access {
  /** Never throws. */
  grant(): Promise<Grant | Trouble>;
  /** What was remembered is not to be believed any more. */
  forget(): void;
}
