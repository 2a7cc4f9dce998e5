// All that the sources know at one moment. Immutable: a source makes a new Snapshot for each change, in which
// every unchanged object, and every map of a kind in which nothing changed, keeps its identity. The pure steps
// remember their results by that identity, so a change costs what changed. Sources make their maps with `patchMap`, so
// that what moved since the Snapshot before need not be looked for.

import type { Diagnostic } from './diagnostic.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Ingress,
  IngressClass,
  ObjectName,
  Secret,
  Service,
} from './kubernetes.ts';
import type { Certificate, CertificateId, Staple } from './model.ts';

export interface Snapshot {
  readonly ingresses: ReadonlyMap<ObjectName, Ingress>;
  readonly ingressClasses: ReadonlyMap<ObjectName, IngressClass>;
  readonly services: ReadonlyMap<ObjectName, Service>;
  readonly endpointSlices: ReadonlyMap<ObjectName, EndpointSlice>;
  readonly secrets: ReadonlyMap<ObjectName, Secret>;
  readonly configMaps: ReadonlyMap<ObjectName, ConfigMap>;
  /**
   * Names of ExternalName Services → addresses last resolved. A name that was looked up in vain has none, and the
   * source says why; one that was not looked up (yet) is absent.
   */
  readonly resolved: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 of a leaf (see `Certificate.leaf`) → OCSP response that was valid when it came. */
  readonly staples: ReadonlyMap<string, Staple>;
  /** Secrets whose content cannot replace what was served from them. Not a source's: the loop adds them. */
  readonly kept: ReadonlyMap<CertificateId, KeptCertificate>;
  /** What the source itself has to say: files that do not parse, objects of the wrong shape. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The last good certificate of a Secret that holds a bad one now. */
export interface KeptCertificate {
  readonly certificate: Certificate;
  /** When the bad one was first seen, RFC 3339; null: before this controller started. */
  readonly since: string | null;
  /** What the Secret holds can be read, but had run out already when it came. */
  readonly ranOut: boolean;
}

export const EMPTY_SNAPSHOT: Snapshot = {
  ingresses: new Map(),
  ingressClasses: new Map(),
  services: new Map(),
  endpointSlices: new Map(),
  secrets: new Map(),
  configMaps: new Map(),
  resolved: new Map(),
  staples: new Map(),
  kept: new Map(),
  diagnostics: [],
};
