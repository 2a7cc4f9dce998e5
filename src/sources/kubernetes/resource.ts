// What to list and watch: a kind, where, and which of it.

export interface Resource {
  /** Of the objects, as `kind` says it. */
  readonly kind: string;
  readonly apiVersion: string;
  /** `/apis/networking.k8s.io/v1/ingresses` */
  readonly path: string;
  /** Selectors. */
  readonly query: Readonly<Record<string, string>>;
  /** For people: `Ingress`, or `Service of --default-backend-service`. */
  readonly label: string;
}

/** Path and query of one request about it. */
export function pathOf({ path, query }: Resource, more: Readonly<Record<string, string>>): string {
  const all = new URLSearchParams({ ...query, ...more }).toString();
  return all === '' ? path : `${path}?${all}`;
}
