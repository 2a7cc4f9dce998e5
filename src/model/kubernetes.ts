// The Kubernetes objects as the controller sees them: only the fields that it reads, every optional list
// present, and every value of the JSON type that the API gives it. Sources project into these shapes; the
// *content* of strings (hosts, paths, names, annotation values) is still hostile here and is judged in
// `translate`.

/** `namespace/name`; for objects without a namespace, `name`. Key of every map of a Snapshot. */
export type ObjectName = string;

export interface Metadata {
  readonly name: string;
  /** `''` for objects without a namespace. A manifest that names none is in `default`. */
  readonly namespace: string;
  /** Absent where the object never saw an API server. Names one life of an object of that name; Events need it. */
  readonly uid?: string;
  /** RFC 3339, or `''` where the object has none (a manifest that never saw an API server). */
  readonly creationTimestamp: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Ingress {
  readonly kind: 'Ingress';
  readonly metadata: Metadata;
  readonly ingressClassName: string | undefined;
  readonly defaultBackend: IngressBackend | undefined;
  readonly tls: readonly IngressTls[];
  readonly rules: readonly IngressRule[];
  /** `status.loadBalancer.ingress` as the API server has it; absent: none. Read by who writes it, not by translation. */
  readonly published?: readonly PublishedAddress[];
}

/** Where clients find an Ingress: exactly one of the two is not `''`. */
export interface PublishedAddress {
  readonly ip: string;
  readonly hostname: string;
}

export interface IngressTls {
  readonly hosts: readonly string[];
  readonly secretName: string | undefined;
}

export interface IngressRule {
  /** `''` stands for every host. */
  readonly host: string;
  readonly paths: readonly IngressPath[];
}

export interface IngressPath {
  /** `''` when the object names none. */
  readonly path: string;
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backend: IngressBackend;
}

export type IngressBackend =
  | { readonly kind: 'service'; readonly service: string; readonly port: ServicePortReference }
  | { readonly kind: 'resource' };

/** A port by name or by number; an Ingress gives exactly one of the two. */
export type ServicePortReference = { readonly name: string } | { readonly number: number };

export interface IngressClass {
  readonly kind: 'IngressClass';
  readonly metadata: Metadata;
  readonly controller: string;
}

export interface Service {
  readonly kind: 'Service';
  readonly metadata: Metadata;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly clusterIP: string | undefined;
  readonly externalName: string | undefined;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  /** `''` for the unnamed port. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly targetPort: string | number | undefined;
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice';
  readonly metadata: Metadata;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SlicePort {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Absent: every port (headless services of old). */
  readonly port: number | undefined;
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  /** As the API defines the absent values: ready = true, serving = ready, terminating = false. */
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zone: string | undefined;
  readonly nodeName: string | undefined;
  /** Zones whose requests it shall serve; empty: no hint. */
  readonly forZones: readonly string[];
}

export interface Secret {
  readonly kind: 'Secret';
  readonly metadata: Metadata;
  readonly type: string;
  /** Decoded from base64 (`data`) or as written (`stringData`, which wins); never logged. */
  readonly data: Readonly<Record<string, string>>;
}

export interface ConfigMap {
  readonly kind: 'ConfigMap';
  readonly metadata: Metadata;
  readonly data: Readonly<Record<string, string>>;
}

export type KubernetesObject = Ingress | IngressClass | Service | EndpointSlice | Secret | ConfigMap;
export type ObjectKind = KubernetesObject['kind'];

/** The label by which an EndpointSlice names its Service (the API's own constant). */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export function objectName(metadata: Metadata): ObjectName {
  return metadata.namespace === '' ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** How diagnostics, reasons and source maps name an object: `Ingress/default/shop`. */
export function objectReference(object: { readonly kind: string; readonly metadata: Metadata }): string {
  return `${object.kind}/${objectName(object.metadata)}`;
}
